import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import dj_database_url
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.embedded import home as homes
from apps.core.embedded.home import REPOSITORY, SOCKET_LIMIT, SYSTEM_STATE, embedded_urls, resolve_home

pytestmark = pytest.mark.unit


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.mark.usefixtures("as_user")
def test_defaults_to_var_in_the_repository() -> None:
    home = resolve_home({})
    assert home.path == home.services == (REPOSITORY / "var").resolve()
    assert home.models == home.path / "models"


@pytest.mark.usefixtures("as_user")
def test_takes_the_home_of_the_environment_and_makes_it_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/tmp")
    home = resolve_home({"TOUCHSTONE_HOME": "state"})
    assert home.path == Path("/tmp").resolve() / "state"
    assert (home.pgdata, home.valkey, home.run) == tuple(home.path / name for name in ("pgdata", "valkey", "run"))


@pytest.mark.usefixtures("as_root")
def test_root_keeps_databases_in_a_home_that_others_can_pass(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = resolve_home({"TOUCHSTONE_HOME": "/srv/touchstone-nowhere"})
    assert home.services == home.path


@pytest.mark.usefixtures("as_root")
def test_root_moves_databases_out_of_a_closed_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = resolve_home({"TOUCHSTONE_HOME": str(closed / "state")})
    assert home.path == closed / "state"
    assert home.services.parent == SYSTEM_STATE
    assert home.services == resolve_home({"TOUCHSTONE_HOME": str(closed / "state")}).services
    assert home.services != resolve_home({"TOUCHSTONE_HOME": str(closed / "other")}).services
    assert home.pgdata.parent == home.valkey.parent == home.services
    assert home.secret_key.parent == home.index.parent == home.path


@pytest.mark.usefixtures("as_user")
def test_an_ordinary_user_keeps_everything_in_a_closed_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    home = resolve_home({"TOUCHSTONE_HOME": str(tmp_path / "state")})
    assert home.services == home.path


@pytest.mark.usefixtures("as_user")
@given(length=st.integers(1, 200))
def test_socket_paths_stay_short(length: int) -> None:
    home = resolve_home({"TOUCHSTONE_HOME": f"/{'x' * length}"})
    assert len(os.fsencode(home.postgres_socket)) < SOCKET_LIMIT
    assert len(os.fsencode(home.valkey_socket)) < SOCKET_LIMIT
    assert (home.run.parent == home.path) == (len(f"/{'x' * length}/run/.s.PGSQL.5432") < SOCKET_LIMIT)


@pytest.mark.usefixtures("as_user")
@pytest.mark.parametrize("name", ["with blank", "com,ma", 'quo"te', "per%cent", "ünïcode"])
def test_sockets_leave_folders_whose_names_need_quoting(name: str) -> None:
    home = resolve_home({"TOUCHSTONE_HOME": f"/srv/{name}"})
    assert home.run.parent == homes.SHORT_FOLDERS
    assert "1000" in home.run.name


@pytest.mark.usefixtures("as_user")
def test_urls_and_settings_name_the_same_database() -> None:
    home = resolve_home({"TOUCHSTONE_HOME": "/srv/Some_Home"})
    urls = embedded_urls(home)
    parsed = dj_database_url.parse(urls.database_url)
    for key in ("NAME", "USER", "HOST"):
        assert parsed[key] == urls.database[key]
    assert urls.database["HOST"] == "/srv/Some_Home/run"
    assert unquote(urls.broker) == "unix:///srv/Some_Home/run/valkey.sock?db=0"
    assert urls.cache == urls.broker.replace("db=0", "db=1")


def test_needs_nothing_but_the_standard_library() -> None:
    """Settings import it, and so does every command before it knows whether it needs more."""
    heavy = "('django', 'psycopg', 'redis', 'celery')"
    code = f"import sys, apps.core.embedded.home; print([name for name in {heavy} if name in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"
