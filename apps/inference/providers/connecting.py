"""Connections to providers: a pool each, no redirects, and no address that must not be reached.

A transport for httpx2's clients (openai's are such) over aiohttp, which takes half the time of httpx2's own.
"""

import ipaddress
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import httpx2
from aiohttp.client_proto import ResponseHandler
from django.conf import settings

from apps.core.outgoing import NotReached, refuse_inner
from apps.inference.curated import CuratedProvider
from apps.inference.errors import ConnectionFailed, CutOff, InferenceError, Misconfigured, TimedOut


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


class Connector(aiohttp.TCPConnector):
    """Keeps no more than `kept` idle connections, where aiohttp has one bound for all."""

    def __init__(self, *, most: int, kept: int) -> None:
        super().__init__(limit=most, socket_factory=open_socket)
        self._kept = kept

    def _release(self, key: Any, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        is_full = sum(map(len, self._conns.values())) >= self._kept
        super()._release(key, protocol, should_close=should_close or is_full)


class Transport(httpx2.AsyncBaseTransport):
    """One provider's connections, on the loop that first uses it. Raises apps.inference.errors."""

    def __init__(self, provider: CuratedProvider) -> None:
        self._provider = provider
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        seconds = request.extensions["timeout"]["read"]
        timeout = aiohttp.ClientTimeout(sock_connect=self._provider.connect_timeout, sock_read=seconds)
        try:
            response = await self._open_session().request(
                request.method,
                str(request.url),
                headers=request.headers.items(),
                data=request.content or None,
                allow_redirects=False,
                timeout=timeout,
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _explain(error) from error
        stream = ResponseBody(response)
        return httpx2.Response(response.status, headers=response.raw_headers, stream=stream, request=request)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            provider = self._provider
            self._session = aiohttp.ClientSession(
                connector=Connector(most=provider.max_connections, kept=provider.kept_connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session


class ResponseBody(httpx2.AsyncByteStream):
    """What is left unread when it is closed ends the connection: the server then stops its work."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except TimeoutError as error:
            raise TimedOut("the answer stopped in its midst") from error
        except (aiohttp.ClientError, OSError) as error:
            raise CutOff(f"the answer was cut off: {error}") from error

    async def aclose(self) -> None:
        self._response.close()


def _explain(error: Exception) -> InferenceError:
    """Of a request that got no answer."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, AddressForbidden):
        return Misconfigured(str(cause))
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ConnectionFailed(f"no connection in time: {error}")
    if isinstance(error, TimeoutError):
        return TimedOut(str(error) or "no answer in time")
    if isinstance(error, aiohttp.InvalidURL):
        return Misconfigured(f"the address cannot be used: {error}")
    return ConnectionFailed(str(error) or type(error).__name__)
