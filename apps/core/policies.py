"""What browsers are told about every answer: pages, the back office, the API, errors, static files, short ways."""

from collections.abc import Callable
from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

# Nothing here needs these; a script that got in would not have them either.
NOBODY = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation",
    "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
OURSELVES = ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get")
HEADERS = {
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join([*(f"{name}=()" for name in NOBODY), *(f"{name}=(self)" for name in OURSELVES)]),
}
STRICTEST = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
"""For what PolicyMiddleware does not see, such as short ways: nothing in it is to be run, and no frame holds it."""


class HeadersMiddleware:
    """What is the same everywhere, beside what Django's SecurityMiddleware sends."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        # Django's pages about errors, while one works on it, have styles and scripts of their own.
        self.headers = list((HEADERS if settings.DEBUG else HEADERS | STRICTEST).items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in self.headers:
            response.headers.setdefault(name, value)
        return response


class PolicyMiddleware(CSPMiddleware):
    """The Content-Security-Policy of the address: CONTENT_SECURITY_POLICIES has those that are not for pages."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.config is None:
            parts.config = find_policy(request.path_info)
        return parts


def find_policy(path: str) -> dict[str, Any] | None:
    """The first whose prefix fits; None for pages, which have that of CONTENT_SECURITY_POLICY."""
    return next((kept for prefix, kept in settings.CONTENT_SECURITY_POLICIES if path.startswith(prefix)), None)
