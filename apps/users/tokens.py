"""API key tokens: how they are made, read, hashed and compared.

A token is `ts_` and 8 lower-case letters or digits (the prefix, kept in clear to find and name the key), `_`, and
43 letters or digits (the secret: 43 * log2(62) = 256 bits, as many as 32 random bytes).
"""

import hashlib
import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

PREFIX_ALPHABET = string.ascii_lowercase + string.digits
SECRET_ALPHABET = string.ascii_letters + string.digits
PREFIX_LENGTH = 8
SECRET_LENGTH = 43
TOKEN_PATTERN = re.compile(rf"(ts_[a-z0-9]{{{PREFIX_LENGTH}}})_([A-Za-z0-9]{{{SECRET_LENGTH}}})")
# Compared against when no key has the prefix, so that both answers cost the same.
NO_HASH = "0" * 64


class KeyState(StrEnum):
    """Whether a key may be used, and why not."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Token:
    """A key in its two halves: the one that may be shown, and the one that is only ever kept as a hash."""

    prefix: str
    secret: str

    def __str__(self) -> str:
        return f"{self.prefix}_{self.secret}"

    def __repr__(self) -> str:
        return f"Token(prefix={self.prefix!r})"


def new_token() -> Token:
    """A token from the system's secure randomness."""
    prefix = "".join(secrets.choice(PREFIX_ALPHABET) for _ in range(PREFIX_LENGTH))
    secret = "".join(secrets.choice(SECRET_ALPHABET) for _ in range(SECRET_LENGTH))
    return Token(f"ts_{prefix}", secret)


def parse_token(text: str) -> Token | None:
    """The token written in `text`, or None when it has not the shape of one."""
    match = TOKEN_PATTERN.fullmatch(text)
    return Token(*match.groups()) if match else None


def hash_secret(secret: str) -> str:
    """SHA-256 of the secret, as 64 hex digits.

    A slow, salted hash (as for passwords) makes guessing dear where people choose from few likely values. These
    secrets are 256 random bits: no list holds them, and no speed of guessing gets through them, so a fast hash
    leaks nothing and costs microseconds on every request instead of a tenth of a second.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def same_secret(secret: str, secret_hash: str) -> bool:
    """Whether `secret` is the one whose hash is given, in a time that does not tell how much of it is right."""
    return secrets.compare_digest(hash_secret(secret), secret_hash)


def key_state(*, revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> KeyState:
    """The state at `now`. A key is expired from the very moment `expires_at`; revoked outweighs expired."""
    if revoked_at is not None:
        return KeyState.REVOKED
    if expires_at is not None and expires_at <= now:
        return KeyState.EXPIRED
    return KeyState.ACTIVE
