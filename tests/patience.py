"""Valkey is waited for: on a busy machine it is slow to answer, and no less there."""

from apps.core import valkey
from apps.inference.breaker import board
from apps.users.limits import shared

VALKEY_SECONDS = 60.0


def wait_long_for_valkey() -> None:
    """For this process, until its end. Where Valkey is away in a test, it says so at once."""
    valkey.TIMEOUT_SECONDS = board.TIMEOUT_SECONDS = VALKEY_SECONDS
    shared.TIMEOUTS.update(dict.fromkeys(shared.TIMEOUTS, VALKEY_SECONDS))
