"""How large a body may be, said before anything of it is read."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

from apps.core.errors import PROBLEM_TYPE, build_problem, render_error

FORM_OVERHEAD = 1024 * 1024
"""Bytes that a form may have around its file."""

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class BodyLimitMiddleware:
    """Answers 413 to what is larger than its address takes. Belongs before whatever looks into forms."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        limit = find_limit(request, request.resolver_match)
        if int(request.META.get("CONTENT_LENGTH") or 0) <= limit:
            return None
        return render_error(request, 413, "too_large", describe_limit(limit))


def find_limit(request: HttpRequest, route: ResolverMatch | None) -> int:
    """Bytes. Files go to the routes of LARGE_UPLOADS only, and to pages from nobody who is not signed in."""
    name = route.view_name if route else ""
    if name not in settings.LARGE_UPLOADS:
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    if not name.startswith("api:") and not request.user.is_authenticated:
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return file_limit()


def file_limit() -> int:
    """Bytes of a form with a file in it."""
    return int(settings.IMPORT_MAX_UPLOAD_BYTES) + FORM_OVERHEAD


def bound_bodies(application: Application, limit: int) -> Application:
    """The ASGI application, which hears of no more than `limit` bytes of a request: Django would keep any number."""

    async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
        if _declared(scope) > limit:
            await _send_too_large(send, limit)
            return
        body = BoundedBody(receive, send, limit)
        await application(scope, body.receive, body.send)

    return bounded


class BoundedBody:
    """One request's body. Where it grows too large it is answered at once, and the application hears of its end."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive, self._send = receive, send
        self._limit = self._left = limit
        self._is_answered = self._is_refused = False

    async def receive(self) -> Message:
        message = {"type": "http.disconnect"} if self._is_refused else await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left >= 0:
            return message
        if not (self._is_refused or self._is_answered):
            self._is_refused = True
            await _send_too_large(self._send, self._limit)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Passes on what the application answers, unless the request was refused meanwhile."""
        self._is_answered = True
        if not self._is_refused:
            await self._send(message)


async def _send_too_large(send: Send, limit: int) -> None:
    """A whole answer, after which the server closes the connection: of the body, nothing more is read."""
    detail = describe_limit(limit)
    body = json.dumps(build_problem(413, code="too_large", detail=detail, request_id="")).encode()
    headers = [
        (b"content-type", PROBLEM_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def describe_limit(limit: int) -> str:
    return f"What was sent is too large: at most {limit // 1024**2} MB are taken here."


def _declared(scope: Scope) -> int:
    """The bytes that a request says its body has; 0 where it says nothing."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) if length.isdigit() else 0
