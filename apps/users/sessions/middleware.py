"""Sessions with the visitor they are for, and their user, who comes out of the same row."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.contrib.sessions.middleware import SessionMiddleware as BaseSessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.functional import SimpleLazyObject

from apps.core.addresses import client_address
from apps.users.sessions.keeping import answer_ended
from apps.users.sessions.models import MAX_USER_AGENT
from apps.users.sessions.reading import reading
from apps.users.sessions.store import SessionStore, Visitor, session_of

BACKGROUND = "X-Background"
"""The header of requests that a page sends by itself: they don't prolong the session of who has left."""


class SessionMiddleware(BaseSessionMiddleware):
    """Django's, for our store, which is told who visits."""

    def process_request(self, request: HttpRequest) -> None:
        session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        agent = request.headers.get("User-Agent", "")[:MAX_USER_AGENT].replace("\0", "")
        session.visitor = Visitor(client_address(request), agent, is_busy=BACKGROUND not in request.headers)
        request.session = session


class UserMiddleware(AuthenticationMiddleware):
    """Django's, which would read the user's row a second time."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(partial(find_user, request))  # type: ignore[assignment]


def find_user(request: HttpRequest) -> Any:
    """The session's user, AnonymousUser for none: Django decides, by the password's hash too."""
    session = session_of(request)
    session.get("")  # which reads its row
    with reading(session.row.user if session.row else None):
        return get_user(request)


class KeepTypedMiddleware:
    """What was sent by somebody whose session has ended is not lost. Belongs around what sends people to sign in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        return answer_ended(request, response) if leads_to_sign_in(response) else response


def leads_to_sign_in(response: HttpResponse) -> bool:
    return response.status_code == 302 and response["Location"].partition("?")[0] == resolve_url(settings.LOGIN_URL)
