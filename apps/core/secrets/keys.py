"""Keys of secrets: their form, and those that a home made for itself. `python -m apps.core.secrets.keys` makes one."""

import base64
import binascii
import os
import sys
from pathlib import Path

from apps.core.embedded.secret import load_secret_key

KEY_BYTES = 32
WRONG = "must be keys that `python -m apps.core.secrets.keys` makes, separated by commas"


def check_key(key: str) -> str:
    """Raises ValueError for what is not the urlsafe base64 of 32 bytes."""
    try:
        raw = base64.b64decode(key, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(WRONG) from error
    if len(raw) != KEY_BYTES:
        raise ValueError(WRONG)
    return key


def make_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def load_keys(path: Path) -> list[str]:
    """The keys kept at `path`, one a line, the one that encrypts first; made on the first call."""
    kept = load_secret_key(path, make=make_key)
    return [check_key(line) for line in kept.split()]


if __name__ == "__main__":
    sys.stdout.write(f"{make_key()}\n")
