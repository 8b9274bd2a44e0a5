"""Every request gets an id, one log line, and a place in the metrics."""

import re
import time
from collections.abc import Callable
from functools import partial

import structlog
from django.http import HttpRequest, HttpResponse

from apps.core.afterwards import do_afterwards
from apps.core.ids import new_id

SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
QUIET_PATHS = ("/health/", "/metrics", "/static/")

log = structlog.get_logger("touchstone.request")


class RequestMiddleware:
    """Takes the caller's `X-Request-ID` when it is harmless, else makes one; returns it in the response's header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = _request_id(request)
        request.request_id = request_id  # type: ignore[attr-defined]
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        if not request.path.startswith(QUIET_PATHS):
            do_afterwards(response, partial(_log_request, request, response, time.perf_counter() - started))
        return response


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if SAFE_ID.fullmatch(given) else new_id()


def _log_request(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    level = "error" if response.status_code >= 500 else "warning" if response.status_code >= 400 else "info"
    getattr(log, level)(
        "request",
        request_id=response["X-Request-ID"],
        method=request.method,
        path=request.path,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
    )
