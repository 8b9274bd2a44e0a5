"""What browsers are told, and which policy each part of the site lives under."""

from typing import Any

from config.env import read_env

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # forms carry the token; no script reads the cookie
CSRF_COOKIE_SAMESITE = "Lax"

_reporting: dict[str, Any] = {"report-uri": [uri]} if (uri := read_env().csp_report_uri) else {}
_nothing: dict[str, Any] = {"default-src": ["'none'"], "frame-ancestors": ["'none'"], **_reporting}
_pages: dict[str, Any] = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "object-src": ["'none'"],
    "frame-src": ["'none'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
    "form-action": ["'self'"],
    **_reporting,
}
# The theme of the back office makes functions of what stands in attributes (Alpine). Inline scripts and styles it has
# none: see static/admin/policy.js for those that libraries would write.
_back_office: dict[str, Any] = {**_pages, "script-src": ["'self'", "'unsafe-eval'"]}

CONTENT_SECURITY_POLICY = {"DIRECTIVES": _pages}
CONTENT_SECURITY_POLICIES = [
    ("/admin/", _back_office),
    ("/api/v1/docs/", _pages),
    ("/api/", _nothing),
]
"""By what a path begins with, the first that fits; every other path is a page."""
