"""HTTP/1.1 on one connection: requests in, answers out, in order, and word of a client that leaves."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from http import HTTPStatus

import httptools

JSON = "application/json"
REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """Header names are in small letters."""

    method: str = ""
    target: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self) -> bytes:
        framing = f"content-length: {len(self.body)}"
        return encode_head(self.status, self.content_type, self.headers, framing) + self.body


def encode_head(status: int, content_type: str, headers: tuple[tuple[str, str], ...], framing: str) -> bytes:
    more = "".join(f"{name}: {value}\r\n" for name, value in headers)
    first = f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}\r\n"
    return f"{first}content-type: {content_type}\r\n{more}{framing}\r\n\r\n".encode()


class Channel:
    """What a handler that takes its time writes to. A client that leaves cancels the handler."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._may_write = asyncio.Event()
        self._may_write.set()

    def send(self, data: bytes) -> None:
        self._transport.write(data)

    def begin_stream(self, headers: tuple[tuple[str, str], ...]) -> int:
        """Bytes of the head."""
        head = encode_head(200, "text/event-stream; charset=utf-8", headers, "transfer-encoding: chunked")
        self.send(head)
        return len(head)

    async def send_chunk(self, data: bytes) -> None:
        self.send(b"%x\r\n%b\r\n" % (len(data), data))
        await self._may_write.wait()

    def end_stream(self) -> None:
        self.send(b"0\r\n\r\n")

    def drop(self) -> None:
        """Ends the connection after what was written, whatever is still due."""
        self._transport.close()

    def reset(self) -> None:
        """Ends the connection at once."""
        self._transport.abort()

    def pause(self) -> None:
        self._may_write.clear()

    def resume(self) -> None:
        self._may_write.set()


Handled = Reply | Coroutine[object, object, None]
Handler = Callable[[Request, Channel], Handled]
"""Answers at once, or gives what is to be run and writes the answer itself."""


class HttpConnection(asyncio.Protocol):
    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()
        self._parts: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._channel = Channel(transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.write(Reply(400, b'{"error": {"message": "This is no HTTP/1.1."}}').encode())
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._waiting.clear()
        if self._task:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._channel.pause()

    def resume_writing(self) -> None:
        self._channel.resume()

    def on_message_begin(self) -> None:
        self._request = Request()
        self._parts = []

    def on_url(self, url: bytes) -> None:
        self._request.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._request.method = self._parser.get_method().decode()
        if "expect" in self._request.headers:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        self._request.body = b"".join(self._parts)
        self._waiting.append((self._request, self._parser.should_keep_alive()))
        if self._task is None:
            self._answer_next()

    def _answer_next(self) -> None:
        while self._waiting and self._task is None:
            request, keeps = self._waiting.popleft()
            handled = self._handle(request, self._channel)
            if isinstance(handled, Reply):
                self._transport.write(handled.encode())
                self._finish(keeps)
            else:
                self._task = asyncio.get_running_loop().create_task(self._run(handled, keeps))

    async def _run(self, handled: Coroutine[object, object, None], keeps: bool) -> None:
        await handled
        self._task = None
        self._finish(keeps)
        self._answer_next()

    def _finish(self, keeps: bool) -> None:
        if not keeps:
            self._transport.close()
