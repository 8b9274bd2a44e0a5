"""Limits of pages, and the headers that say how a limit stands. The API counts for itself, once it knows who asks."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.core.errors import render_error
from apps.users.limits.requests import API, add_headers, count_request, describe_refusal

FREE = ("/health/", "/metrics", "/static/", "/favicon.ico")


class LimitMiddleware:
    """Belongs behind the middleware that says who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        add_headers(request, response)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.path_info.startswith((API, *FREE)):
            return None
        verdict = count_request(request, request.user, None)
        if not verdict.code:
            return None
        wait = verdict.wait(timezone.now())
        response = render_error(request, 429, verdict.code, describe_refusal(verdict, wait))
        response["Retry-After"] = str(wait)
        return response
