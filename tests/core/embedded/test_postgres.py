from pathlib import Path

import pytest

from apps.core.embedded.binaries import Binaries
from apps.core.embedded.errors import EmbeddedError
from apps.core.embedded.home import Home
from apps.core.embedded.postgres import create_cluster, postgres_spec, says_ready

pytestmark = pytest.mark.unit


@pytest.fixture
def plain_home(tmp_path: Path) -> Home:
    made = Home(tmp_path, tmp_path, tmp_path / "run")
    made.pgdata.mkdir()
    return made


@pytest.fixture
def binaries(tmp_path: Path) -> Binaries:
    return Binaries(tmp_path / "bin", "18.6.3", tmp_path / "valkey-server")


def test_data_of_another_major_version_are_not_touched(plain_home: Home, binaries: Binaries) -> None:
    (plain_home.pgdata / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 17, and PostgreSQL 18 is installed"):
        create_cluster(plain_home, binaries, None)


def test_data_of_this_version_are_kept(plain_home: Home, binaries: Binaries) -> None:
    (plain_home.pgdata / "PG_VERSION").write_text("18\n")
    create_cluster(plain_home, binaries, None)
    assert [path.name for path in plain_home.pgdata.iterdir()] == ["PG_VERSION"]


def test_a_failed_initdb_leaves_no_cluster(plain_home: Home, binaries: Binaries) -> None:
    binaries.postgres.mkdir()
    initdb = binaries.postgres / "initdb"
    initdb.write_text("#!/bin/sh\necho 'initdb: error: no space left' >&2\nexit 1\n")
    initdb.chmod(0o755)
    with pytest.raises(EmbeddedError, match=r"^initdb failed: initdb: error: no space left$"):
        create_cluster(plain_home, binaries, None)
    assert not (plain_home.pgdata / "PG_VERSION").exists()


def test_what_a_killed_server_left_is_cleared_before_a_start(plain_home: Home, binaries: Binaries) -> None:
    plain_home.run.mkdir()
    stale = [plain_home.pgdata / "postmaster.pid", plain_home.run / ".s.PGSQL.5432.lock"]
    for path in stale:
        path.write_text("1\n")
    assert postgres_spec(plain_home, binaries, None).may_start()
    assert not any(path.exists() for path in stale)


@pytest.mark.parametrize(
    ("content", "ready"),
    [
        ("1\n/data\n0\n5432\n/run\n\n  1 2\nready   \n", True),
        ("1\n/data\n0\n5432\n/run\n\n  1 2\nstarting\n", False),
        ("1\n/data\n", False),
        ("", False),
    ],
)
def test_is_ready_when_the_server_says_so(plain_home: Home, content: str, ready: bool) -> None:
    (plain_home.pgdata / "postmaster.pid").write_text(content)
    assert says_ready(plain_home) is ready


def test_is_not_ready_before_it_says_anything(plain_home: Home) -> None:
    assert not says_ready(plain_home)


def test_settings_win_over_the_usual_ones(plain_home: Home, binaries: Binaries) -> None:
    command = postgres_spec(plain_home, binaries, None, {"fsync": "off", "jit": "on"}).command
    assert "fsync=off" in command
    assert "jit=on" in command
    assert "jit=off" not in command
    assert not any(option.startswith("fsync") for option in postgres_spec(plain_home, binaries, None).command)
