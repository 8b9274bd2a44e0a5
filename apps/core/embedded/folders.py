"""Makes the folders of a home, with owners and modes that keep other accounts out."""

import os
import secrets
import stat
import time
from pathlib import Path

from apps.core.embedded.account import Account
from apps.core.embedded.errors import EmbeddedError
from apps.core.embedded.home import Home

MARK = "mark"


def make_home(home: Home, account: Account | None) -> None:
    """Makes the home itself, which is all that its lock needs."""
    try:
        make_folder(home.path, account)
    except OSError as error:
        raise EmbeddedError(f"cannot make the folder {home.path}: {error.strerror}") from error


def prepare_folders(home: Home, account: Account | None) -> Path | None:
    """Makes what is missing in `home`; the folder where the state of a deleted home was set aside, if there was one.

    The home's lock must be held. Never changes the mode or owner of a folder that exists. Raises EmbeddedError when
    one cannot be used.
    """
    try:
        set_aside = None if home.services == home.path else bind_services(home, account)
        make_folder(home.logs, None)
        for folder in (home.valkey, home.run):
            make_private_folder(folder, account)
    except OSError as error:
        raise EmbeddedError(f"cannot make the folder {error.filename}: {error.strerror}") from error
    return set_aside


def make_folder(path: Path, account: Account | None) -> None:
    """A folder of our own; `account`, when there is one, may pass it but not list it."""
    if path.is_dir():
        return
    path.mkdir(parents=True)
    path.chmod(0o711 if account else 0o700)


def make_private_folder(path: Path, account: Account | None) -> None:
    """A folder that only `account` (None: ourselves) may enter; refused when it exists and is anything else."""
    owner = account.uid if account else os.geteuid()
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        path.chmod(0o700)
        if account:
            os.chown(path, account.uid, account.gid)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise EmbeddedError(f"{path} is not a folder that only {account.name if account else 'you'} may enter")


def bind_services(home: Home, account: Account | None) -> Path | None:
    """Ties a services folder outside the home to this home: both carry the same mark.

    Whoever deletes the home means its data, so a services folder whose mark has no match is not used again. It is
    set aside rather than deleted; returns where.
    """
    inner, outer = home.path / MARK, home.services / MARK
    set_aside = None
    if home.services.exists():
        if inner.exists() and outer.exists() and inner.read_bytes() == outer.read_bytes():
            return None
        set_aside = home.services.with_name(f"{home.services.name}.{time.time_ns()}")
        home.services.rename(set_aside)
    make_folder(home.services, account)
    mark = secrets.token_hex(8)
    outer.write_text(mark)
    inner.write_text(mark)
    return set_aside
