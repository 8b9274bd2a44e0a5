"""Every request gets an id, one log line, and a place in the metrics."""

import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import structlog
from django.http import HttpRequest, HttpResponse

from apps.core.afterwards import do_afterwards
from apps.core.ids import new_id
from apps.core.log_lines import log_later

SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
QUIET_PATHS = ("/health/", "/metrics", "/static/")

NAME = "touchstone.request"

log = structlog.get_logger(NAME)


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
            said = (request_id, request.method, request.path, response.status_code)
            do_afterwards(response, partial(log_request, *said, time.perf_counter() - started))
        return response


def _request_id(request: HttpRequest) -> str:
    return pick_id(request.META.get("HTTP_X_REQUEST_ID", ""))


def pick_id(given: str) -> str:
    """What the caller gave, or a new one where that is nothing or might do harm."""
    return given if SAFE_ID.fullmatch(given) else new_id()


def log_request(request_id: str, method: str | None, path: str, status: int, seconds: float) -> None:
    """One line. That of an answer that is no failure waits for others."""
    level = logging.ERROR if status >= 500 else logging.WARNING if status >= 400 else logging.INFO
    if not logging.getLogger(NAME).isEnabledFor(level):
        return
    line = partial(_log_line, level, time.time(), request_id, method, path, status, round(seconds * 1000, 1))
    if level == logging.ERROR:
        line()
    else:
        log_later(line)


def _log_line(level: int, at: float, request_id: str, method: str | None, path: str, status: int, ms: float) -> None:
    log.log(
        level,
        "request",
        timestamp=f"{datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat()}Z",
        request_id=request_id,
        method=method,
        path=path,
        status=status,
        ms=ms,
    )
