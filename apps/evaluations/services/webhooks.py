"""Webhooks: signed, and only to addresses that a stranger may name.

Whoever edits a schedule chooses where the server connects to, so nothing inside the network may be within reach: the
host is resolved once, each of its addresses must be public, and the connection goes to an address that was checked.
Redirects are not followed and nothing of the answer but its status is kept. `WEBHOOK_PRIVATE_NETWORKS` lifts the check.
"""

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from contextlib import closing, suppress
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from apps.core.errors import InvalidInput

CONNECT_SECONDS = 5.0
DEADLINE_SECONDS = 20.0
"""For the whole exchange: a server that answers a byte at a time would outlast any timeout of a read."""

WORTH_RETRYING = frozenset({408, 425, 429})
MAX_URL = 500

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotDelivered(Exception):
    """The message did not get there. `for_good` says that another attempt would not help."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


def sign_body(secret: str, body: bytes, at: int) -> str:
    """The header's value, `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`; the time keeps a message from replay."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def post_webhook(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Posts `body`; the status of the answer when it is a success. Raises NotDelivered otherwise."""
    try:
        parts = urlsplit(check_webhook_url(url))
    except InvalidInput as error:
        raise NotDelivered(error.errors["webhook_url"], for_good=True) from error
    addresses = resolve_host(parts)
    try:
        with closing(_connect(parts, addresses)) as connection:
            status = _exchange(connection, parts, body, headers)
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise NotDelivered(f"{parts.hostname} did not answer: {reason}") from error
    if 300 <= status < 400:
        raise NotDelivered(f"{parts.hostname} answered {status}: redirects are not followed", for_good=True)
    if not 200 <= status < 300:
        for_good = 400 <= status < 500 and status not in WORTH_RETRYING
        raise NotDelivered(f"{parts.hostname} answered {status}", for_good=for_good)
    return status


def check_webhook_url(url: str) -> str:
    """The address without blanks around it. Raises InvalidInput naming `webhook_url`; names are resolved on sending."""
    url = url.strip()
    if not url:
        return ""
    try:
        _check_form(url)
        parts = urlsplit(url)
        _refuse_literal(parts)
    except (ValidationError, ValueError) as error:
        raise InvalidInput({"webhook_url": "is no address such as https://example.com/hooks"}) from error
    except NotDelivered as error:
        raise InvalidInput({"webhook_url": str(error)}) from error
    if parts.username is not None or parts.password is not None:
        raise InvalidInput({"webhook_url": "must not hold a name or password: the body is signed"})
    return url


def resolve_host(parts: SplitResult) -> list[Address]:
    """The host's addresses, each of which may be connected to. Raises NotDelivered."""
    try:
        found = socket.getaddrinfo(_ascii_host(parts), _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotDelivered(f"{parts.hostname} is not known: {error}") from error
    addresses = list(dict.fromkeys(ipaddress.ip_address(row[4][0]) for row in found))
    if not settings.WEBHOOK_PRIVATE_NETWORKS:
        for address in addresses:
            # One private address among public ones is no accident.
            refuse_private(address)
    return addresses


def refuse_private(address: Address) -> None:
    """Raises NotDelivered for what is not on the public internet, however it is written."""
    if not all(part.is_global and not part.is_multicast for part in (address, *_embedded(address))):
        reason = f"{address} is a private, local or reserved address: see WEBHOOK_PRIVATE_NETWORKS"
        raise NotDelivered(reason, for_good=True)


def _embedded(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 one leads to: mapped, 6to4, Teredo and NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in ipaddress.IPv6Network("64:ff9b::/96") or int(address) < 2**32:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [part for part in found if part is not None]


def _connect(parts: SplitResult, addresses: list[Address]) -> socket.socket:
    """A connection to the first address that takes one, its TLS still to be agreed on."""
    failure: OSError = OSError("there is no address")
    for address in addresses:
        try:
            plain = socket.create_connection((str(address), _port(parts)), timeout=CONNECT_SECONDS)
        except OSError as error:
            failure = error
            continue
        if parts.scheme == "http":
            return plain
        context = ssl.create_default_context()
        return context.wrap_socket(plain, server_hostname=_ascii_host(parts), do_handshake_on_connect=False)
    raise failure


def _exchange(stream: socket.socket, parts: SplitResult, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer; its body is not read."""
    too_late = threading.Event()
    timer = threading.Timer(DEADLINE_SECONDS, _cut_off, [stream, too_late])
    timer.daemon = True
    timer.start()
    try:
        if isinstance(stream, ssl.SSLSocket):
            stream.do_handshake()
        connection = http.client.HTTPConnection(_ascii_host(parts), _port(parts))
        connection.default_port = 443 if parts.scheme == "https" else 80  # left out of the header Host
        connection.sock = stream
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body=body, headers={**headers, "Connection": "close"})
        with closing(connection.getresponse()) as response:
            status = response.status
        if too_late.is_set():  # what was read ended where it was cut off
            raise TimeoutError(f"it took longer than {DEADLINE_SECONDS:.0f} s")
        return status
    finally:
        timer.cancel()


def _cut_off(stream: socket.socket, too_late: threading.Event) -> None:
    """Ends every wait on the stream, whatever the other side trickles."""
    too_late.set()
    with suppress(OSError):
        # The plain socket's own: that of TLS would change what the waiting thread is at work with.
        socket.socket.shutdown(stream, socket.SHUT_RDWR)


def _check_form(url: str) -> None:
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable():
        raise ValueError(url)
    parts = urlsplit(url)
    if not parts.hostname or parts.port == 0:
        raise ValueError(url)
    # Django's validator wants a dot in a name: hosts of an own network have none.
    is_short = settings.WEBHOOK_PRIVATE_NETWORKS and "." not in parts.hostname and ":" not in parts.hostname
    URLValidator(schemes=["http", "https"])(parts._replace(netloc="localhost").geturl() if is_short else url)


def _refuse_literal(parts: SplitResult) -> None:
    try:
        address = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return
    if not settings.WEBHOOK_PRIVATE_NETWORKS:
        refuse_private(address)


def _ascii_host(parts: SplitResult) -> str:
    return (parts.hostname or "").encode("idna").decode()


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
