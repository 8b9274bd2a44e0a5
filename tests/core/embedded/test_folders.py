import os
import stat
from pathlib import Path

import pytest

from apps.core.embedded.account import Account
from apps.core.embedded.errors import EmbeddedError
from apps.core.embedded.folders import bind_services, make_private_folder, prepare_folders
from apps.core.embedded.home import Home

pytestmark = pytest.mark.unit


def own_account() -> Account:
    return Account("me", os.geteuid(), os.getegid())


def test_a_private_folder_is_entered_by_its_owner_only(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        make_private_folder(tmp_path / "run", None)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
    make_private_folder(tmp_path / "run", None)


@pytest.mark.parametrize("mode", [0o710, 0o701, 0o777])
def test_a_looser_folder_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(mode)
    with pytest.raises(EmbeddedError, match="run is not a folder that only you may enter"):
        make_private_folder(tmp_path / "run", None)


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    stranger = Account("stranger", os.geteuid() + 1, os.getegid())
    with pytest.raises(EmbeddedError, match="only stranger may enter"):
        make_private_folder(tmp_path / "run", stranger)


def test_a_link_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "run").symlink_to(tmp_path / "real")
    with pytest.raises(EmbeddedError):
        make_private_folder(tmp_path / "run", None)


def test_folders_that_exist_keep_their_modes(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    prepare_folders(Home(tmp_path, tmp_path, tmp_path / "run"), None)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert {entry.name for entry in tmp_path.iterdir()} == {"logs", "run", "valkey"}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "valkey").write_text("in the way")
    with pytest.raises(EmbeddedError, match="valkey"):
        prepare_folders(Home(tmp_path, tmp_path, tmp_path / "run"), None)


def test_services_outside_the_home_are_found_again(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", tmp_path / "away", tmp_path / "away" / "run")
    home.path.mkdir()
    assert bind_services(home, own_account()) is None
    (home.services / "pgdata").mkdir()
    assert bind_services(home, own_account()) is None
    assert (home.services / "pgdata").exists()


def test_services_of_a_deleted_home_are_set_aside(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", tmp_path / "away", tmp_path / "away" / "run")
    home.path.mkdir()
    bind_services(home, own_account())
    (home.services / "pgdata").mkdir()
    (home.path / "mark").unlink()
    kept = bind_services(home, own_account())
    assert kept is not None
    assert (kept / "pgdata").exists()
    assert not (home.services / "pgdata").exists()
    assert bind_services(home, own_account()) is None
