"""Whose pages may open a socket: browsers send cookies along with those of any site, so the origin decides."""

from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

PORTS = {"http": 80, "https": 443}


def is_ours(scope: dict[str, Any]) -> bool:
    """Whether the origin is the site itself (SITE_URL, CSRF_TRUSTED_ORIGINS), or the host that was asked, at any port.

    The host that was asked must be one of ours too. What is not sent by a page says no origin, and is refused.
    """
    origin, host = (read_header(scope, name) for name in (b"origin", b"host"))
    found = read_origin(origin)
    domain = split_domain_port(host)[0]
    if found is None or not (domain and validate_host(domain, settings.ALLOWED_HOSTS)):
        return False
    if any(is_same(found, other) for other in (settings.SITE_URL, *settings.CSRF_TRUSTED_ORIGINS)):
        return True
    secure = found.scheme == "https" or not settings.SESSION_COOKIE_SECURE
    return secure and split_domain_port(found.netloc.lower())[0] == domain


def read_header(scope: dict[str, Any], name: bytes) -> str:
    """Its value; nothing where it came not exactly once."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin1") if len(values) == 1 else ""


def read_origin(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        whole = bool(parts.hostname and f"{parts.scheme}://{parts.netloc}" == text and parts.port != 0)
    except ValueError:
        return None
    return parts if whole and parts.scheme in PORTS and "@" not in text else None


def is_same(origin: SplitResult, other: str) -> bool:
    """Whether `other`, which may stand for all hosts below a domain (`https://*.example.com`), is the origin."""
    parts = urlsplit(other)
    host, pattern = origin.hostname or "", parts.hostname or ""
    fits = host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
    ports = (origin.port or PORTS[origin.scheme], parts.port or PORTS.get(parts.scheme))
    return bool(fits and pattern and origin.scheme == parts.scheme and ports[0] == ports[1])
