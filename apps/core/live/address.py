"""Where a page finds the gateway."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

PATH = "/ws/live/"
SHOWN = "live_address"
"""The attribute of a request whose page was told the address."""


def show_address(request: HttpRequest) -> str:
    """The socket's address, for the page that answers the request."""
    address = socket_address(request)
    setattr(request, SHOWN, address)
    return address


def socket_address(request: HttpRequest) -> str:
    """The socket's address for pages of this request's host; nothing where there is no gateway."""
    given: str = settings.GATEWAY_URL
    if not given.startswith(":"):
        return given and f"ws{given.removeprefix('http').removeprefix('ws').rstrip('/')}{PATH}"
    try:
        host = split_domain_port(request.get_host())[0]
    except DisallowedHost:  # which is answered with a page too
        return ""
    return f"{'wss' if request.is_secure() else 'ws'}://{host}{given}{PATH}"


class LivePolicyMiddleware:
    """Lets pages that know the socket connect to it, and to nothing else but the site. Belongs within CSPMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if address := getattr(request, SHOWN, ""):
            response._csp_update = {"connect-src": ["'self'", address]}  # type: ignore[attr-defined]
        return response
