"""Whether somebody may do what a row of the table asks."""

from typing import Any

from apps.users.access.rules import Who
from apps.users.roles import SIGN_IN, grants
from apps.users.scopes import SCOPES

FOR_ALL_SIGNED_IN = (Who.PUBLIC, Who.SIGNED_IN, Who.OWN, Who.ANY_KEY)


def may(user: Any, need: str) -> bool:
    """Whether somebody who came by a session, or by none, may do what a row asks."""
    if need == Who.PUBLIC:
        return True
    return bool(user.is_authenticated and user.is_active and person_may(user.role, need))


def person_may(role: str, need: str) -> bool:
    """Whether somebody of the role who is signed in to the pages may do it."""
    if need == Who.PUBLIC:
        return True
    if need in (Who.NOBODY, Who.SCRAPER) or not grants(role, SIGN_IN):
        return False
    return need in FOR_ALL_SIGNED_IN or grants(role, permission_of(need))


def permission_of(need: str) -> str:
    """The permission that a scope stands for; a permission is one itself."""
    return SCOPES[need].permission if need in SCOPES else need
