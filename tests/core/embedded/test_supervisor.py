import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.core.embedded import supervisor as supervisors
from apps.core.embedded.errors import EmbeddedError
from apps.core.embedded.interrupts import SleepBell
from apps.core.embedded.process import ChildSpec
from apps.core.embedded.supervisor import StepFailedError, StopRequestedError, Supervisor
from tests.core.embedded.processes import is_gone

pytestmark = pytest.mark.unit

PYTHON = (sys.executable, "-I", "-S", "-c")
# Says its number in a file, then lives until it is told to stop.
LIVE = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"


class QuietOutputs:
    def __init__(self) -> None:
        self.said: list[str] = []

    def open(self, name: str) -> int:
        return os.open(os.devnull, os.O_WRONLY)

    def say(self, text: str) -> None:
        self.said.append(text)


class PatientBell(SleepBell):
    """Asks to stop when the test says so, or when a test would otherwise never end."""

    def __init__(self) -> None:
        self.stop_requests = 0
        self.when: Callable[[], bool] = lambda: False
        self._deadline = time.monotonic() + 120

    def wait(self, seconds: float) -> None:
        super().wait(min(seconds, 0.02))
        self.stop_requests += self.when()
        assert time.monotonic() < self._deadline, "what the test waited for did not happen"


@pytest.fixture
def outputs() -> QuietOutputs:
    return QuietOutputs()


@pytest.fixture
def bell() -> PatientBell:
    return PatientBell()


@pytest.fixture
def supervisor(outputs: QuietOutputs, bell: PatientBell) -> Iterator[Supervisor]:
    made = Supervisor(outputs, bell)
    yield made
    made.stop()


def living(tmp_path: Path, name: str = "web", code: str = LIVE, **fields: object) -> ChildSpec:
    log = tmp_path / name
    return ChildSpec(
        name,
        (*PYTHON, code, str(log)),
        is_ready=lambda: len(read_numbers(log)) > 0,
        **fields,  # type: ignore[arg-type]
    )


def read_numbers(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def watch_until(supervisor: Supervisor, bell: PatientBell, condition: Callable[[], bool]) -> None:
    bell.when = condition
    supervisor.watch()
    bell.when, bell.stop_requests = lambda: False, 0


def test_a_child_that_dies_is_started_again(
    tmp_path: Path, supervisor: Supervisor, outputs: QuietOutputs, bell: PatientBell
) -> None:
    supervisor.add(living(tmp_path))
    supervisor.wait_ready("web", seconds=60)
    (first,) = read_numbers(tmp_path / "web")
    os.kill(first, signal.SIGKILL)
    watch_until(supervisor, bell, lambda: len(read_numbers(tmp_path / "web")) == 2)
    assert "web ended (SIGKILL), again in 0.25 s" in outputs.said
    assert is_gone(first)
    assert not is_gone(read_numbers(tmp_path / "web")[1])


def test_nothing_of_a_dead_childs_group_survives(tmp_path: Path, supervisor: Supervisor, bell: PatientBell) -> None:
    forking = LIVE.replace("time.sleep", "os.fork() or open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep")
    supervisor.add(living(tmp_path, code=forking))
    watch_until(supervisor, bell, lambda: len(read_numbers(tmp_path / "web")) == 2)
    leader, grandchild = read_numbers(tmp_path / "web")
    os.kill(leader, signal.SIGKILL)
    watch_until(supervisor, bell, lambda: is_gone(grandchild))
    assert is_gone(leader)


def test_children_live_in_sessions_of_their_own(tmp_path: Path, supervisor: Supervisor) -> None:
    """Ctrl-C in a terminal goes to the terminal's session."""
    supervisor.add(living(tmp_path))
    supervisor.wait_ready("web", seconds=60)
    (pid,) = read_numbers(tmp_path / "web")
    assert os.getsid(pid) == pid != os.getsid(0)


def test_stops_rank_by_rank(tmp_path: Path, supervisor: Supervisor) -> None:
    log = tmp_path / "ends"
    code = f"""
import os, signal, sys, time
def end(*_):
    time.sleep(0.1)
    open({str(log)!r}, 'a').write(os.path.basename(sys.argv[1]) + '\\n')
    sys.exit()
signal.signal(signal.SIGTERM, end)
open(sys.argv[1], 'a').write(f'{{os.getpid()}}\\n')
time.sleep(60)
"""
    ranks = {"postgres": 3, "valkey": 2, "worker": 1, "web": 0}
    supervisor.add(*(living(tmp_path, name, code, stop_rank=rank, stop_seconds=60) for name, rank in ranks.items()))
    supervisor.wait_ready(*ranks, seconds=60)
    supervisor.stop()
    assert log.read_text().split() == ["web", "worker", "valkey", "postgres"]


def ignoring(number: str) -> str:
    return f"import signal; signal.signal({number}, signal.SIG_IGN); {LIVE}"


def test_a_child_that_will_not_stop_is_ended(tmp_path: Path, supervisor: Supervisor) -> None:
    supervisor.add(living(tmp_path, code=ignoring("signal.SIGTERM"), stop_seconds=0.1))
    supervisor.wait_ready("web", seconds=60)
    supervisor.stop()
    assert all(map(is_gone, read_numbers(tmp_path / "web")))


def test_a_last_signal_that_is_ignored_is_followed_by_one_that_is_not(
    tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisors, "LAST_SECONDS", 0.1)
    code = ignoring("signal.SIGTERM").replace("import signal;", "import signal; signal.signal(3, signal.SIG_IGN);")
    supervisor.add(living(tmp_path, code=code, stop_seconds=0.1, last_signal=signal.SIGQUIT))
    supervisor.wait_ready("web", seconds=60)
    supervisor.stop()
    assert all(map(is_gone, read_numbers(tmp_path / "web")))


def test_a_further_request_ends_the_waiting(tmp_path: Path, supervisor: Supervisor, bell: PatientBell) -> None:
    supervisor.add(living(tmp_path, code=ignoring("signal.SIGTERM"), stop_seconds=3600))
    supervisor.wait_ready("web", seconds=60)
    bell.when = lambda: True
    supervisor.stop()
    assert all(map(is_gone, read_numbers(tmp_path / "web")))


def test_a_child_that_cannot_start_is_given_up_while_it_is_waited_for(supervisor: Supervisor) -> None:
    supervisor.add(ChildSpec("web", (*PYTHON, "raise SystemExit(3)"), is_ready=lambda: False))
    with pytest.raises(EmbeddedError, match=r"^web does not start \(exit status 3\)$"):
        supervisor.wait_ready("web", seconds=60)


def test_a_program_that_is_missing_is_given_up(supervisor: Supervisor) -> None:
    supervisor.add(ChildSpec("web", ("/nowhere/web",), is_ready=lambda: False))
    with pytest.raises(EmbeddedError, match=r"^web does not start \(exit status 1\)$"):
        supervisor.wait_ready("web", seconds=60)


def test_waiting_has_an_end(tmp_path: Path, supervisor: Supervisor) -> None:
    supervisor.add(ChildSpec("web", (*PYTHON, LIVE, str(tmp_path / "web")), is_ready=lambda: False))
    with pytest.raises(EmbeddedError, match=r"^not ready after 0 s: web$"):
        supervisor.wait_ready("web", seconds=0.1)


def test_a_request_to_stop_ends_the_start(tmp_path: Path, supervisor: Supervisor, bell: PatientBell) -> None:
    supervisor.add(ChildSpec("web", (*PYTHON, LIVE, str(tmp_path / "web")), is_ready=lambda: False))
    bell.when = lambda: True
    with pytest.raises(StopRequestedError):
        supervisor.wait_ready("web", seconds=60)


def test_a_child_starts_only_when_it_may(tmp_path: Path, supervisor: Supervisor, bell: PatientBell) -> None:
    allowed: list[bool] = []
    supervisor.add(living(tmp_path, may_start=lambda: bool(allowed)))
    looks = iter(range(10))
    watch_until(supervisor, bell, lambda: next(looks) == 9)
    assert not (tmp_path / "web").exists()
    allowed.append(True)
    supervisor.wait_ready("web", seconds=60)


def test_a_step_gives_back_what_it_wrote(supervisor: Supervisor) -> None:
    finish = supervisor.run_step(ChildSpec("prepare", (*PYTHON, "print('done')")), seconds=60)
    assert finish() == b"done\n"


def test_a_step_that_fails_tells_its_status(supervisor: Supervisor) -> None:
    finish = supervisor.run_step(ChildSpec("prepare", (*PYTHON, "raise SystemExit(2)")), seconds=60)
    with pytest.raises(StepFailedError, match=r"^prepare failed \(exit status 2\)$") as failure:
        finish()
    assert failure.value.status == 2


def test_a_step_that_hangs_is_ended(tmp_path: Path, supervisor: Supervisor) -> None:
    finish = supervisor.run_step(ChildSpec("prepare", (*PYTHON, LIVE, str(tmp_path / "step"))), seconds=0.3)
    with pytest.raises(StepFailedError, match="SIGKILL"):
        finish()


def test_stopping_ends_a_step_that_nobody_waits_for(tmp_path: Path, supervisor: Supervisor, bell: PatientBell) -> None:
    supervisor.run_step(ChildSpec("prepare", (*PYTHON, LIVE, str(tmp_path / "step"))), seconds=60)
    watch_until(supervisor, bell, lambda: len(read_numbers(tmp_path / "step")) > 0)
    supervisor.stop()
    assert all(map(is_gone, read_numbers(tmp_path / "step")))
