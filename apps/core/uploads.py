"""How large a body may be, said before anything of it is read."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

from apps.core.errors import render_error

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
        detail = f"What was sent is too large: at most {limit // 1024**2} MB are taken here."
        return render_error(request, 413, "too_large", detail)


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
        left = limit
        if _declared(scope) > limit:
            await send({"type": "http.response.start", "status": 413, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return

        async def receive_bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            return message if left >= 0 else {"type": "http.disconnect"}

        await application(scope, receive_bounded, send)

    return bounded


def _declared(scope: Scope) -> int:
    """The bytes that a request says its body has; 0 where it says nothing."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) if length.isdigit() else 0
