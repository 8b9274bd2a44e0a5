"""Lets what a request changes know the request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.core.audit.source import acting


class AuditMiddleware:
    """Belongs behind whatever says who the user is. Costs a context variable; nothing is read or written."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting(request=request):
            return self.get_response(request)
