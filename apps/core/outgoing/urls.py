"""The form of addresses that somebody types in."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from apps.core.outgoing.addresses import NotReached, refuse_inner

MAX_URL = 500


class UrlRefused(ValueError):
    """Says what is wrong with the address, in words that follow a field's name."""


def check_url(url: str, *, allow_inner: bool) -> str:
    """The address without blanks around it. Raises UrlRefused; what its name leads to is seen when it is asked."""
    url = url.strip()
    try:
        _check_form(url, allow_inner)
        parts = urlsplit(url)
        _refuse_literal(parts, allow_inner)
    except NotReached as error:
        raise UrlRefused(str(error)) from error
    except (ValidationError, ValueError) as error:
        raise UrlRefused("is no address such as https://example.com/hooks") from error
    if parts.username is not None or parts.password is not None:
        raise UrlRefused("must not hold a name or password")
    return url


def ascii_host(parts: SplitResult) -> str:
    return (parts.hostname or "").encode("idna").decode()


def port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _check_form(url: str, allow_inner: bool) -> None:
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable():
        raise ValueError(url)
    parts = urlsplit(url)
    if not parts.hostname or parts.port == 0:
        raise ValueError(url)
    # Django's validator wants a dot in a name: hosts of an own network have none.
    is_short = allow_inner and "." not in parts.hostname and ":" not in parts.hostname
    URLValidator(schemes=["http", "https"])(parts._replace(netloc="localhost").geturl() if is_short else url)


def _refuse_literal(parts: SplitResult, allow_inner: bool) -> None:
    try:
        address = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return
    refuse_inner(address, allow_inner=allow_inner)
