"""Whether processes end with those that started them, however those end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from apps.core.embedded.death import SUPERVISED
from apps.core.embedded.home import REPOSITORY
from apps.core.embedded.process import LAUNCHER
from tests.core.embedded.processes import is_gone, wait_until

pytestmark = pytest.mark.unit

# Launches a child that forks a grandchild; both say their numbers.
FAMILY = """
import os, sys, time
from apps.core.embedded.process import ChildSpec, launch
code = '''
import os, time
from apps.core.embedded.death import die_with_parent
print(os.getpid(), flush=True)
if os.fork() == 0:
    die_with_parent()
    print(os.getpid(), flush=True)
time.sleep(60)
'''
launch(ChildSpec("child", (sys.executable, "-c", code)), sys.stdout.fileno(), sys.stdout.fileno())
time.sleep(60)
"""


@pytest.fixture
def family() -> tuple[subprocess.Popen[str], int, int]:
    environment = {**os.environ, SUPERVISED: "1", "PYTHONPATH": str(REPOSITORY)}
    parent = subprocess.Popen(
        [sys.executable, "-c", FAMILY], cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    return parent, int(parent.stdout.readline()), int(parent.stdout.readline())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_killed_parent_takes_children_and_grandchildren_along(
    family: tuple[subprocess.Popen[str], int, int],
) -> None:
    parent, child, grandchild = family
    os.kill(parent.pid, signal.SIGKILL)
    wait_until(lambda: is_gone(child) and is_gone(grandchild))
    end(parent)


def test_a_killed_child_takes_the_grandchild_along(family: tuple[subprocess.Popen[str], int, int]) -> None:
    parent, child, grandchild = family
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: is_gone(grandchild))
    assert not is_gone(parent.pid)
    end(parent)


def test_a_process_outside_the_supervisor_lives_as_long_as_it_likes() -> None:
    code = "import os, ctypes; from apps.core.embedded.death import die_with_parent; die_with_parent(); " + (
        "value = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(value), 0, 0, 0); print(value.value)"
    )
    environment = {name: value for name, value in os.environ.items() if name != SUPERVISED}
    for supervised, expected in (({}, "0"), ({SUPERVISED: "1"}, "9")):
        output = subprocess.run(
            [sys.executable, "-c", code],
            cwd=REPOSITORY,
            env={**environment, **supervised},
            capture_output=True,
            text=True,
            check=True,
        )
        assert output.stdout.strip() == expected


def test_a_launch_whose_parent_has_ended_goes_no_further(tmp_path: Path) -> None:
    somebody_else = str(os.getppid())
    target = tmp_path / "made"
    command = [sys.executable, "-I", "-S", LAUNCHER, somebody_else, "9", "-1", "-1", "/bin/touch", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the parent ended" in done.stderr
    assert not target.exists()


def test_ignored_signals_are_not_handed_on() -> None:
    """A shell starts background jobs with SIGINT ignored, and PostgreSQL is stopped by it."""
    code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    command = [sys.executable, "-I", "-S", LAUNCHER, str(os.getpid()), "9", "-1", "-1", sys.executable, "-c", code]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=True)
    finally:
        signal.signal(signal.SIGINT, before)
    assert output.stdout.strip() == "True"
