"""Texts to Fernet tokens (AES-128-CBC with HMAC-SHA256) and back.

The first of SECRETS_KEYS encrypts; each of them decrypts, so that a new key can be put first at any time.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class SecretUnreadable(Exception):
    """No key of SECRETS_KEYS opens it: its key was taken away, or it was changed."""

    def __init__(self) -> None:
        super().__init__("A stored secret cannot be read: the key that encrypted it is not in SECRETS_KEYS.")


def encrypt(text: str) -> str:
    """ASCII of about 4/3 of the text's bytes plus 100; another one at each call."""
    return _ciphers()[0].encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Raises SecretUnreadable."""
    for cipher in _ciphers():
        text = _open(cipher, token)
        if text is not None:
            return text
    raise SecretUnreadable


def is_current(token: str) -> bool:
    """Whether the first key encrypted it."""
    return _open(_ciphers()[0], token) is not None


def reencrypt(token: str) -> str:
    """The same text, encrypted by the first key. Raises SecretUnreadable."""
    return encrypt(decrypt(token))


def _open(cipher: "Fernet", token: str) -> str | None:
    from cryptography.fernet import InvalidToken

    try:
        return cipher.decrypt(token.encode()).decode()
    except (InvalidToken, UnicodeError):
        return None


def _ciphers() -> tuple["Fernet", ...]:
    return _ciphers_of(tuple(settings.SECRETS_KEYS))


@lru_cache(maxsize=8)
def _ciphers_of(keys: tuple[str, ...]) -> tuple["Fernet", ...]:
    # cryptography takes its time to import: pages without secrets do without it.
    from cryptography.fernet import Fernet

    return tuple(Fernet(key) for key in keys)
