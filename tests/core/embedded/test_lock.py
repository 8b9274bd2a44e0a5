import subprocess
import sys
from pathlib import Path

import pytest

from apps.core.embedded.errors import EmbeddedError, HomeInUseError
from apps.core.embedded.home import REPOSITORY, Home
from apps.core.embedded.lock import hold_home, is_held

pytestmark = pytest.mark.unit

HOLDER = """
import sys
from pathlib import Path
from apps.core.embedded.home import Home
from apps.core.embedded.lock import hold_home
sys.argv = ["manage.py", "up", "--secret"]
path = Path({path!r})
with hold_home(Home(path, path, path)):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def plain_home(tmp_path: Path) -> Home:
    return Home(tmp_path, tmp_path, tmp_path / "run")


def test_a_second_holder_is_told_who_the_first_is(plain_home: Home) -> None:
    code = HOLDER.format(path=str(plain_home.path))
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        assert is_held(plain_home)
        with pytest.raises(HomeInUseError, match=rf"is in use by manage.py up \(pid {holder.pid}\)$"):
            hold_home(plain_home).__enter__()
        holder.kill()
    assert not is_held(plain_home)
    with hold_home(plain_home):
        assert is_held(plain_home)
    assert not is_held(plain_home)


def test_a_home_that_nobody_ever_held_is_free(plain_home: Home) -> None:
    assert not is_held(plain_home)


def test_a_lock_that_cannot_be_opened_is_named(plain_home: Home) -> None:
    plain_home.lock.mkdir()
    with pytest.raises(EmbeddedError, match=r"cannot open .*lock"), hold_home(plain_home):
        pass
