"""The command line: which home it means, and whether it needs the databases."""

import os
import subprocess
import sys

import pytest

import manage
from apps.core.embedded.death import SUPERVISED
from apps.core.embedded.errors import UsageError
from apps.core.embedded.home import REPOSITORY, Home
from apps.core.embedded.lock import is_held


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SUPERVISED, raising=False)
    monkeypatch.setenv("TOUCHSTONE_HOME", "/srv/before")


@pytest.mark.unit
@pytest.mark.parametrize(
    ("arguments", "rest", "home"),
    [
        (["search", "sort a list"], ["search", "sort a list"], "/srv/before"),
        (["search", "--home", "/srv/other", "query"], ["search", "query"], "/srv/other"),
        (["--home=/srv/other", "up", "--port", "9000"], ["up", "--port", "9000"], "/srv/other"),
        (["up", "--home", "here"], ["up"], str(REPOSITORY / "here")),
    ],
)
def test_home_is_taken_from_any_command(
    arguments: list[str], rest: list[str], home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    assert manage.take_home(arguments) == rest
    assert os.environ["TOUCHSTONE_HOME"] == home


@pytest.mark.unit
@pytest.mark.parametrize("arguments", [["up", "--home"], ["up", "--home="]])
def test_a_home_without_a_folder_is_wrong_use(arguments: list[str]) -> None:
    with pytest.raises(UsageError, match="--home needs a folder"):
        manage.take_home(arguments)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("command", "needs"),
    [
        ("search sort", True),
        ("migrate", True),
        ("prepare", True),
        ("search --help", False),
        ("search -h", False),
        ("help search", False),
        ("--version", False),
        ("", False),
        ("up", False),
        ("check", False),
        ("makemigrations --check", False),
        ("collectstatic", False),
    ],
)
def test_services_are_had_by_the_commands_that_need_them(command: str, needs: bool) -> None:
    assert manage.needs_services(command.split()) is needs


@pytest.mark.unit
def test_a_child_of_up_has_its_services_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SUPERVISED, "1")
    assert not manage.needs_services(["search", "sort"])


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.integration
@pytest.mark.slow(seconds=10)
def test_a_command_brings_its_own_databases_and_keeps_its_status(home: Home) -> None:
    code = "from apps.users.models import User; print(User.objects.count()); raise SystemExit(7)"
    done = run("shell", "--no-imports", "-c", code, "--home", str(home.path))
    assert done.stdout == "0\n", done.stderr
    assert "Applying users.0001_initial" in done.stderr
    assert done.returncode == 7
    assert not is_held(home)


@pytest.mark.integration
def test_a_home_that_cannot_be_had_is_one_line(home: Home) -> None:
    (home.path / "lock").mkdir()
    done = run("showmigrations", "--home", str(home.path))
    assert done.returncode == 1
    assert done.stderr == f"touchstone: cannot open {home.path}/lock: Is a directory\n"
