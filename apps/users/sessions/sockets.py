"""Who holds a socket: by the session's cookie and the rules of pages, looked at again all the time."""

from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from apps.core.live.hub import Holder
from apps.core.live.origins import read_header
from apps.users.models import User
from apps.users.roles import SIGN_IN
from apps.users.sessions.middleware import find_user
from apps.users.sessions.models import Session
from apps.users.sessions.store import SessionStore


class SessionGuard:
    """Of a socket a session is read when it opens and then once a second with all others, in one query.

    It ends with the session, and with any change of the password, the role or the account, after which pages that may
    come back do.
    """

    async def admit(self, scope: dict[str, Any]) -> Holder | None:
        return await database_sync_to_async(find_holder)(read_session_key(scope))

    async def find_ended(self, holders: Collection[Holder]) -> set[int]:
        return await database_sync_to_async(find_ended)(holders)


def find_holder(session_key: str) -> Holder | None:
    """Whose session it is; None for who is not signed in. Reading it does not prolong it."""
    request = HttpRequest()
    request.session = SessionStore(session_key or None)
    user = find_user(request)
    if request.session.row is None or not user.has_perm(SIGN_IN):
        return None
    return Holder(request.session.row.pk, user, state_of(user))


def find_ended(holders: Collection[Holder]) -> set[int]:
    now = timezone.now()
    rows = Session.objects.live(now).filter(pk__in=[holder.session for holder in holders]).defer("data")
    states = {row.pk: state_of(row.user) for row in rows.select_related("user") if row.latest_end > now}
    return {holder.session for holder in holders if states.get(holder.session) != holder.state}


def state_of(user: User | None) -> tuple[object, ...]:
    return (user.pk, user.password, user.role, user.is_active) if user else ()


def read_session_key(scope: dict[str, Any]) -> str:
    """The session cookie's value, or nothing."""
    try:
        cookies = SimpleCookie(read_header(scope, b"cookie"))
    except CookieError:
        return ""
    found = cookies.get(settings.SESSION_COOKIE_NAME)
    return found.value if found else ""
