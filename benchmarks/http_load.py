"""Load clients in one process: many connections, each with one request under way, and a single one that waits."""

import asyncio
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

DRIVE_SECONDS = 300.0


@dataclass(slots=True)
class Load:
    """What came of some requests: seconds for each that was answered with 200, and what came instead of the others."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def quantile(self, share: float) -> float:
        """Milliseconds that this share of the answers took at most."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class Caller:
    """One connection, over which one request at a time is sent and waited for."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def ask(self, request: bytes) -> float:
        """Seconds from sending the request until the whole answer is there. Raises OSError unless that is a 200."""
        sent_at = time.perf_counter()
        self._connection.sendall(request)
        answer = bytearray()
        while not is_whole(answer):
            part = self._connection.recv(65_536)
            if not part:
                raise OSError("connection lost: closed by the server")
            answer += part
        seconds = time.perf_counter() - sent_at
        if answer[9:12] != b"200":
            raise OSError(f"status {answer[9:12].decode(errors='replace')}")
        return seconds


@contextmanager
def call(port: int) -> Iterator[Caller]:
    with socket.create_connection(("127.0.0.1", port), timeout=DRIVE_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Caller(connection)


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered, over one connection that stays open."""

    def __init__(self, requests: Iterator[bytes], load: Load, done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._load = load
        self._done = done
        self._buffer = bytearray()
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not is_whole(self._buffer):
            return
        status = bytes(self._buffer[9:12])
        self._buffer.clear()
        if status == b"200":
            self._load.latencies.append(time.perf_counter() - self._sent_at)
        else:
            self._load.errors.append(f"status {status.decode(errors='replace')}")
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._load.errors.append(f"connection lost: {error or 'closed by the server'}")
            self._done.set_result(None)

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._sent_at = time.perf_counter()
            self._transport.write(request)
        elif not self._done.done():
            self._done.set_result(None)
            self._transport.close()


def is_whole(answer: bytearray) -> bool:
    end = answer.find(b"\r\n\r\n")
    return end >= 0 and len(answer) >= end + 4 + content_length(answer[:end])


def content_length(head: bytearray) -> int:
    """Bytes of the body, as the head says."""
    for line in bytes(head).lower().split(b"\r\n")[1:]:
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise ValueError(f"an answer without a length: {bytes(head[:200])!r}")


def make_request(path: str, port: int, token: str = "") -> bytes:
    signed = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{signed}\r\n".encode()


def drive(port: int, requests: Iterable[bytes], *, connections: int) -> Load:
    """Sends all the requests over so many connections at a time."""
    return asyncio.run(_drive(port, iter(requests), connections))


async def _drive(port: int, requests: Iterator[bytes], connections: int) -> Load:
    loop = asyncio.get_running_loop()
    load = Load()
    started = time.perf_counter()

    async def connect() -> None:
        done: asyncio.Future[None] = loop.create_future()
        try:
            async with asyncio.timeout(DRIVE_SECONDS):
                await loop.create_connection(lambda: Connection(requests, load, done), "127.0.0.1", port)
                await done
        except (OSError, TimeoutError) as error:
            load.errors.append(f"{type(error).__name__}: {error}")

    await asyncio.gather(*(connect() for _ in range(connections)))
    load.seconds = time.perf_counter() - started
    return load
