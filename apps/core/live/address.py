"""Where a page finds the gateway."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

PATH = "/ws/live/"


def socket_address(request: HttpRequest) -> str:
    """The socket's address for pages of this request's host; nothing where there is no gateway."""
    given: str = settings.GATEWAY_URL
    if not given.startswith(":"):
        return given and f"ws{given.removeprefix('http').removeprefix('ws').rstrip('/')}{PATH}"
    scheme = "wss" if request.is_secure() else "ws"
    return f"{scheme}://{split_domain_port(request.get_host())[0]}{given}{PATH}"


class LivePolicyMiddleware:
    """Lets pages connect to the gateway's socket, and to nothing else but the site. Belongs within CSPMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html") and (address := socket_address(request)):
            response._csp_update = {"connect-src": ["'self'", address]}  # type: ignore[attr-defined]
        return response
