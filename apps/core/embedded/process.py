"""One supervised process: what it is (ChildSpec), and its life (Child)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from apps.core.embedded.account import Account
from apps.core.embedded.home import REPOSITORY

LAUNCHER = str(Path(__file__).with_name("launch.py"))
FIRST_DELAY = 0.25  # seconds before the first restart
LONGEST_DELAY = 30.0
STABLE_SECONDS = 30.0  # a process that lived this long starts again with a clean record


def always() -> bool:
    return True


@dataclass(frozen=True)
class ChildSpec:
    """What to run, how to tell that it is ready, and how to end it.

    `may_start` is asked until it agrees before each start, and `is_ready` after it; both must answer at once.
    Children of a lower `stop_rank` are stopped before those of a higher one, equals together. `last_signal` is for
    one that outlived `stop_seconds`.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] | None = None  # None: our own
    folder: Path = REPOSITORY
    account: Account | None = None
    death_signal: int = signal.SIGKILL
    stop_signal: int = signal.SIGTERM
    last_signal: int = signal.SIGKILL
    stop_seconds: float = 8.0
    stop_rank: int = 0
    may_start: Callable[[], bool] = field(default=always, compare=False)
    is_ready: Callable[[], bool] = field(default=always, compare=False)


def restart_delay(failures: int) -> float:
    """Seconds to wait before restart number `failures` (1, 2, ...) in a row: doubles up to LONGEST_DELAY."""
    return min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(failures - 1, 30))


def count_failures(failures: int, lived: float) -> int:
    """Failures in a row, after one more end `lived` seconds after the start."""
    return 1 if lived >= STABLE_SECONDS else failures + 1


def launch(spec: ChildSpec, stdout: int, stderr: int) -> subprocess.Popen[bytes]:
    """Starts the process in a session of its own (so that Ctrl-C reaches it only through us), tied to our life.

    Must be called from the main thread: the kernel watches the thread that forks.
    """
    uid, gid = (spec.account.uid, spec.account.gid) if spec.account else (-1, -1)
    wrapper = [sys.executable, "-I", "-S", LAUNCHER]
    return subprocess.Popen(
        [*wrapper, str(os.getpid()), str(int(spec.death_signal)), str(uid), str(gid), *spec.command],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        cwd=spec.folder,
        env=None if spec.environment is None else dict(spec.environment),
        start_new_session=True,
    )


class Child:
    """A process that is to be kept alive: its current incarnation and its record."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.popen: subprocess.Popen[bytes] | None = None
        self.ready = False
        self.failures = 0
        self.started_at = 0.0
        self.start_after = 0.0
        self.status: int | None = None  # of the last incarnation, as subprocess counts: -9 is SIGKILL

    @property
    def running(self) -> bool:
        return self.popen is not None

    def start(self, stdout: int, stderr: int) -> None:
        self.popen = launch(self.spec, stdout, stderr)
        self.started_at = time.monotonic()
        self.ready = False

    def reap(self) -> bool:
        """True when the process has ended since the last call; nothing of its process group is left then."""
        if self.popen is None or os.waitid(os.P_PID, self.popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return False
        # Before the wait: until then the kernel gives the number of the dead leader's group to nobody else.
        self.signal_group(signal.SIGKILL)
        self.status = self.popen.wait()
        self.popen, self.ready = None, False
        return True

    def plan_restart(self) -> float:
        """Notes one more failure; returns the seconds until the next start."""
        now = time.monotonic()
        self.failures = count_failures(self.failures, now - self.started_at)
        delay = restart_delay(self.failures)
        self.start_after = now + delay
        return delay

    def signal(self, number: int) -> None:
        """Signals the process itself, which tells its own children."""
        if self.popen is not None:
            os.kill(self.popen.pid, number)

    def signal_group(self, number: int) -> None:
        if self.popen is not None:
            try:
                os.killpg(self.popen.pid, number)
            except (ProcessLookupError, PermissionError):
                return  # the group is empty, or holds nothing but the dead leader


def describe_end(status: int | None) -> str:
    """An exit status in words: `exit status 1`, `SIGKILL`."""
    if status is None:
        return "no status"
    if status < 0:
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"
    return f"exit status {status}"
