"""One owner per home: whoever holds the lock file runs its services."""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.core.embedded.errors import EmbeddedError, HomeInUseError
from apps.core.embedded.home import Home


@contextmanager
def hold_home(home: Home) -> Iterator[None]:
    """Holds the home's lock for the time of the block. Raises HomeInUseError, saying who holds it, when another does.

    The kernel drops the lock with the process, however it ends, and children do not inherit it.
    """
    descriptor = _open(home.lock)
    try:
        if not _try_lock(descriptor):
            raise HomeInUseError(f"{home.path} is in use by {read_holder(home)}")
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()} {describe_self()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def is_held(home: Home) -> bool:
    """Whether some process holds the home's lock."""
    try:
        descriptor = os.open(home.lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _try_lock(descriptor: int) -> bool:
    """Takes the lock; tries for a moment, because somebody may just be looking whether it is held."""
    for _ in range(5):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
    return False


def read_holder(home: Home) -> str:
    pid, _, command = home.lock.read_text(errors="replace").strip().partition(" ")
    return f"{command or 'another process'} (pid {pid or 'unknown'})"


@contextmanager
def join_users(home: Home) -> Iterator[None]:
    """Counts this process among those that use services another one holds, for the time of the block."""
    descriptor = _open(home.users)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def part_from_users(home: Home) -> Iterator[None]:
    """Enters when no other process uses our services, and lets none join for the time of the block."""
    descriptor = _open(home.users)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def describe_self() -> str:
    """How this process was called, on one line: `manage.py migrate`."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EmbeddedError(f"cannot open {path}: {error.strerror}") from error
