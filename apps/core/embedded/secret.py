"""The secret key of a machine that was given none: made once, kept readable by its owner only."""

import os
import secrets
from pathlib import Path


def load_secret_key(path: Path) -> str:
    """The key kept at `path`, made on the first call; two first calls at once agree on one key."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first: its key counts
    finally:
        draft.unlink()
    return path.read_text().strip()
