"""Hands the user that came with a session's row to the sign-in backend, which would read them again."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.users.models import User

_read: ContextVar["User | None"] = ContextVar("user_of_session", default=None)


@contextmanager
def reading(user: "User | None") -> Iterator[None]:
    """While Django looks at a session, whose user this is. Not a moment longer: what was read gets old."""
    token = _read.set(user)
    try:
        yield
    finally:
        _read.reset(token)


def take_read_user(user_id: object) -> "User | None":
    """The user of the session that is being looked at, when it is they who are asked for."""
    user = _read.get()
    return user if user is not None and str(user.pk) == str(user_id) else None
