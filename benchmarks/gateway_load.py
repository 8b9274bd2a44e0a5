"""Chat requests over connections that stay open, whole and streamed, timed by one client for whoever answers them."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httptools

ANSWERS_WITHIN = 60.0
numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Address:
    base_url: str
    key: str
    model: str


@dataclass(slots=True)
class ChatLoad:
    """Seconds until the whole answer and until the first byte of its body; `events` are those of all streams."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    events: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds


def quantile_ms(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def write_requests(address: Address, *, stream: bool) -> Iterator[bytes]:
    """No question twice: nobody is to answer from what was kept."""
    url = urlsplit(address.base_url)
    head = (
        f"POST {url.path}/chat/completions HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: Bearer {address.key}\r\n"
        "Content-Type: application/json\r\nAccept: */*\r\n"
    )
    while True:
        text = f"Question {next(numbers)}: what can you say about the weather of today, in a few words?"
        body = {"model": address.model, "messages": [{"role": "user", "content": text}], "stream": stream}
        content = json.dumps(body)
        yield f"{head}Content-Length: {len(content)}\r\n\r\n{content}".encode()


class ChatConnection(asyncio.Protocol):
    """Sends the next request when the last answer is whole, until it is time to end."""

    def __init__(
        self, requests: Iterator[bytes], load: ChatLoad, is_over: Callable[[], bool], done: asyncio.Future[None]
    ) -> None:
        self._requests = requests
        self._load = load
        self._is_over = is_over
        self._done = done
        self._first_at: float | None = None
        self._events = 0
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._load.errors.append(f"connection lost: {error or 'closed by the server'}")
            self._done.set_result(None)

    def on_body(self, body: bytes) -> None:
        if self._first_at is None:
            self._first_at = time.perf_counter()
        self._events += body.count(b"data: {")

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        status = self._parser.get_status_code()
        if status == 200 and self._first_at is not None:
            self._load.latencies.append(now - self._sent_at)
            self._load.firsts.append(self._first_at - self._sent_at)
            self._load.events += self._events
        else:
            self._load.errors.append(f"status {status}")
        if self._is_over():
            self._done.set_result(None)
            self._transport.close()
        else:
            # The parser is still in the answer that has just ended.
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        if self._transport.is_closing():
            return
        self._parser = httptools.HttpResponseParser(self)
        self._first_at = None
        self._events = 0
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))


def drive_chat(address: Address, *, connections: int, seconds: float, stream: bool = False) -> ChatLoad:
    """As many requests as there is time for, each connection with one under way."""
    return asyncio.run(_drive(address, connections, seconds, stream))


async def _drive(address: Address, connections: int, seconds: float, stream: bool) -> ChatLoad:
    loop = asyncio.get_running_loop()
    load = ChatLoad()
    url = urlsplit(address.base_url)
    assert url.hostname
    assert url.port
    host, port = url.hostname, url.port
    requests = write_requests(address, stream=stream)
    started = time.perf_counter()

    def is_over() -> bool:
        return time.perf_counter() - started >= seconds

    async def connect() -> None:
        done: asyncio.Future[None] = loop.create_future()
        try:
            async with asyncio.timeout(seconds + ANSWERS_WITHIN):
                await loop.create_connection(lambda: ChatConnection(requests, load, is_over, done), host, port)
                await done
        except (OSError, TimeoutError) as error:
            load.errors.append(f"{type(error).__name__}: {error}")

    await asyncio.gather(*(connect() for _ in range(connections)))
    load.seconds = time.perf_counter() - started
    return load
