"""One HTTP exchange with an address that somebody typed in."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from apps.core.outgoing.addresses import Address, NotReached, find_addresses
from apps.core.outgoing.urls import UrlRefused, ascii_host, check_url, port_of

LOOK_UP_SECONDS = 5.0
CONNECT_SECONDS = 5.0
DEADLINE_SECONDS = 20.0
"""For the whole exchange: a server that answers a byte at a time would outlast any timeout of a read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is empty unless it was asked for."""

    status: int
    body: bytes


def ask(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    allow_inner: bool = False,
    max_answer: int = 0,
) -> Answer:
    """The answer, whatever its status, with a body of up to `max_answer` bytes. Raises NotReached."""
    try:
        parts = urlsplit(check_url(url, allow_inner=allow_inner))
    except UrlRefused as error:
        raise NotReached(str(error), for_good=True) from error
    deadline = time.monotonic() + DEADLINE_SECONDS
    host, port = ascii_host(parts), port_of(parts)
    addresses = find_addresses(host, port, seconds=LOOK_UP_SECONDS, allow_inner=allow_inner)
    try:
        with closing(_connect(parts, addresses, deadline)) as stream:
            return _exchange(stream, parts, method, body, dict(headers or {}), deadline, max_answer)
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise NotReached(f"{parts.hostname} did not answer: {reason}") from error


def _connect(parts: SplitResult, addresses: list[Address], deadline: float) -> socket.socket:
    """A connection to the first address that takes one, its TLS still to be agreed on."""
    failure: OSError = _too_late()
    for address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            plain = socket.create_connection((str(address), port_of(parts)), timeout=min(CONNECT_SECONDS, left))
        except OSError as error:
            failure = error
            continue
        if parts.scheme == "http":
            return plain
        context = ssl.create_default_context()
        return context.wrap_socket(plain, server_hostname=ascii_host(parts), do_handshake_on_connect=False)
    raise failure


def _exchange(
    stream: socket.socket,
    parts: SplitResult,
    method: str,
    body: bytes,
    headers: dict[str, str],
    deadline: float,
    max_answer: int,
) -> Answer:
    too_late = threading.Event()
    timer = threading.Timer(max(deadline - time.monotonic(), 0), _cut_off, [stream, too_late])
    timer.daemon = True
    timer.start()
    try:
        if isinstance(stream, ssl.SSLSocket):
            stream.do_handshake()
        connection = http.client.HTTPConnection(ascii_host(parts), port_of(parts))
        connection.default_port = 443 if parts.scheme == "https" else 80  # left out of the header Host
        connection.sock = stream
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body=body, headers={**headers, "Connection": "close"})
        with closing(connection.getresponse()) as response:
            answer = Answer(response.status, _read(response, max_answer))
        if too_late.is_set():  # what was read ended where it was cut off
            raise _too_late()
        return answer
    except (OSError, http.client.HTTPException) as error:
        if too_late.is_set() or time.monotonic() >= deadline:  # a read may give up before the timer is heard
            raise _too_late() from error
        raise
    finally:
        timer.cancel()


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    if not most:
        return b""
    body = response.read(most + 1)
    if len(body) > most:
        raise http.client.HTTPException(f"it is more than {most:,} bytes")
    return body


def _too_late() -> TimeoutError:
    return TimeoutError(f"it took longer than {DEADLINE_SECONDS:.0f} s")


def _cut_off(stream: socket.socket, too_late: threading.Event) -> None:
    """Ends every wait on the stream, whatever the other side trickles."""
    too_late.set()
    with suppress(OSError):
        # The plain socket's own: that of TLS would change what the waiting thread is at work with.
        socket.socket.shutdown(stream, socket.SHUT_RDWR)
