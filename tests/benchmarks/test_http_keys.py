"""What the benchmark of keys makes of answers, from a server that answers as it is told."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.http_keys import PER_MINUTE, PER_MONTH, Asked, Key, ask_all, describe
from benchmarks.http_load import make_request

pytestmark = pytest.mark.unit

KEYS = {kind: Key(kind, kind, kind) for kind in ("free", "limited", "budget", "revoked")}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(int(self.path[1:]))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_each_request_is_noted_with_its_key_and_status(port: int) -> None:
    asked: list[Asked] = []
    work = [(KEYS["free"], make_request("/200", port)), (KEYS["limited"], make_request("/429", port))] * 20
    asyncio.run(ask_all(port, iter(work), asked, 4))
    assert len(asked) == 40
    assert {(one.key.kind, one.status) for one in asked} == {("free", 200), ("limited", 429)}


def answers(kind: str, *statuses: int, sent_at: float = 1.0) -> list[Asked]:
    return [Asked(KEYS[kind], status, sent_at, 0.01) for status in statuses]


GOOD = [
    *answers("free", 200, 200),
    *answers("limited", *[200] * PER_MINUTE, 429),
    *answers("budget", *[200] * PER_MONTH, 429),
    *answers("revoked", 200, sent_at=2.4),
    *answers("revoked", 401, sent_at=2.6),
]


def test_all_as_due() -> None:
    figures = describe(GOOD, 2.0, 10)
    assert figures["as_due"]
    assert figures["revoked_seconds"] == 0.4
    assert figures["answers"]["limited"] == {"200": PER_MINUTE, "429": 1}


def test_a_minute_that_is_over_lets_more_through() -> None:
    later = answers("limited", *[200] * (PER_MINUTE // 2), sent_at=100)
    assert describe([*GOOD, *later], 2.0, 10)["as_due"]
    too_many = answers("limited", *[200] * (2 * PER_MINUTE), sent_at=100)
    assert not describe([*GOOD, *too_many], 2.0, 10)["due"]["limited"]


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        (answers("free", 429), "free"),
        (answers("free", 0), "free"),
        (answers("limited", 200), "limited"),
        (answers("limited", 500), "limited"),
        (answers("budget", 200), "budget"),
        (answers("revoked", 429), "revoked"),
        (answers("revoked", 200, sent_at=4.5), "revoked_in_time"),
    ],
)
def test_what_is_not_is_named(more: list[Asked], fault: str) -> None:
    figures = describe([*GOOD, *more], 2.0, 10)
    assert [name for name, held in figures["due"].items() if not held] == [fault]
    assert not figures["as_due"]
