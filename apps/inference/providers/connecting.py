"""Connections to providers: a pool each, no redirects, and no address that must not be reached."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from django.conf import settings

from apps.core.outgoing import NotReached, refuse_inner
from apps.inference.curated import CuratedProvider
from apps.inference.errors import (
    ConnectionFailed,
    CutOff,
    InferenceError,
    LostAnswer,
    Misconfigured,
    RateLimited,
    TimedOut,
)
from apps.inference.models import ProviderKind

MOST_BYTES = 128 * 1024 * 1024
"""Of a whole answer: what never ends would fill the memory."""
JSON = "application/json"
PATIENCE_SHARE = 0.5
"""Of the time there is, which is waited for a connection at most."""
_patience: ContextVar[float] = ContextVar("patience")
"""In seconds, of the request at work."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole one. Headers are found by names in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


class AddressForbidden(OSError):
    """Nobody may connect there for who typed in the provider's address."""


def open_socket(info: Any) -> socket.socket:
    """For each connection, after its name was resolved: what a name leads to may change at any time."""
    family, kind, protocol, _, address = info
    try:
        refuse_inner(ipaddress.ip_address(address[0]), allow_inner=settings.PROVIDER_PRIVATE_NETWORKS)
    except NotReached as error:
        reason = f"{address[0]} may not be connected to: see PROVIDER_PRIVATE_NETWORKS"
        raise AddressForbidden(reason) from error
    return socket.socket(family, kind, protocol)


def open_own_socket(info: Any) -> socket.socket:
    """To what runs on this machine, at an address that nobody typed in."""
    return socket.socket(*info[:3])


class Crowded(RateLimited):
    """All connections are in use. Nothing was sent, and another model may be free."""

    try_again = is_answer = False


class Connector(aiohttp.TCPConnector):
    """Keeps no more than `kept` idle connections, where aiohttp has one bound for all."""

    def __init__(self, provider: CuratedProvider) -> None:
        is_own = provider.kind is ProviderKind.LOCAL
        super().__init__(limit=provider.max_connections, socket_factory=open_own_socket if is_own else open_socket)
        self._kept = provider.kept_connections

    def _release(self, key: Any, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        is_full = sum(map(len, self._conns.values())) >= self._kept
        super()._release(key, protocol, should_close=should_close or is_full)

    async def _wait_for_available_connection(self, key: Any, traces: Any) -> None:
        """Raises Crowded while there is time to ask another model: that the provider is busy is no fault of it."""
        try:
            async with asyncio.timeout(_patience.get()):
                await super()._wait_for_available_connection(key, traces)
        except TimeoutError:
            raise Crowded(f"none of {self.limit} connections was free in time") from None


class Connections:
    """One provider's, on the loop that first uses them. Raises apps.inference.errors."""

    def __init__(self, provider: CuratedProvider) -> None:
        self._provider = provider
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, method: str, url: str, content: bytes | None = None, *, timeout: float) -> Answer:
        response = await self.open(method, url, content, timeout=timeout)
        try:
            return await read_answer(response)
        finally:
            response.close()

    async def open(
        self, method: str, url: str, content: bytes | None = None, *, timeout: float
    ) -> aiohttp.ClientResponse:
        """As soon as its status is known. To close it before all was read ends the connection, and the server's work.

        `timeout` is in seconds, from each part to the next.
        """
        _patience.set(timeout * PATIENCE_SHARE)
        limits = aiohttp.ClientTimeout(sock_connect=self._provider.connect_timeout, sock_read=timeout)
        try:
            return await self._open_session().request(method, url, data=content, allow_redirects=False, timeout=limits)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _explain(error) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            provider = self._provider
            key = {"Authorization": f"Bearer {provider.api_key}"} if provider.api_key else {}
            self._session = aiohttp.ClientSession(
                connector=Connector(provider),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept": JSON, "Content-Type": JSON, "User-Agent": "Touchstone", **key},
            )
        return self._session


async def read_answer(response: aiohttp.ClientResponse) -> Answer:
    """Raises LostAnswer for more than MOST_BYTES."""
    parts, size = [], 0
    async for part in read_parts(response):
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise LostAnswer(f"it is longer than {MOST_BYTES} bytes")
    return Answer(response.status, response.headers, b"".join(parts))


async def read_parts(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for part in response.content.iter_any():
            yield part
    except TimeoutError as error:
        raise TimedOut("the answer stopped in its midst") from error
    except (aiohttp.ClientError, OSError) as error:
        raise CutOff(f"the answer was cut off: {error}") from error


def _explain(error: Exception) -> InferenceError:
    """Of a request that got no answer."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, AddressForbidden):
        return Misconfigured(str(cause))
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ConnectionFailed(f"no connection in time: {error}")
    if isinstance(error, TimeoutError):
        return TimedOut(str(error) or "no answer in time")
    if isinstance(error, ValueError):
        return Misconfigured(f"the address or the key cannot be used: {error}")
    return ConnectionFailed(str(error) or type(error).__name__)
