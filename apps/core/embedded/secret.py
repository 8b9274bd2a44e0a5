"""Secrets of a machine that was given none: made once, kept readable by their owner only."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def make_secret() -> str:
    return secrets.token_urlsafe(48)


def load_secret_key(path: Path, make: Callable[[], str] = make_secret) -> str:
    """What is kept at `path`, made on the first call; two first calls at once agree on one."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(make())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first: its key counts
    finally:
        draft.unlink()
    return path.read_text().strip()
