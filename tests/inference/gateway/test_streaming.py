"""Silence in a stream, by a clock that is short."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from apps.inference.errors import ConnectionFailed
from apps.inference.exchange import Caller, Exchange, Operation, Reply
from apps.inference.gateway import auto, streaming
from apps.inference.gateway.auto import Opened
from apps.inference.gateway.visits import Visit

SILENCE = 0.05


class QuietStream:
    """Two parts, with a silence of some signs of life between them."""

    tier, model, cache, trace = "small", "quiet", "", "t"

    def __init__(self, has_heard: Callable[[], bool]) -> None:
        self._has_heard = has_heard
        self.is_closed = False

    async def __aiter__(self) -> Any:
        yield {"part": 1}
        while not self._has_heard():
            await asyncio.sleep(0.01)
        yield {"part": 2}

    async def aclose(self) -> None:
        self.is_closed = True

    def reply(self) -> Reply:
        return Reply({}, self.model, "there", self.tier)


class Wire:
    """What was sent to the client."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def send(self, message: Any) -> None:
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    def make_visit(self) -> Visit:
        scope = {"headers": [], "method": "POST", "path": "/v1/chat/completions"}
        return Visit(scope, asyncio.Event().wait, self.send)  # type: ignore[arg-type]


EXCHANGE = Exchange(Operation.CHAT, "quiet", {}, Caller(trace_id="t"), time.monotonic() + 60)


def test_a_silence_has_signs_of_life_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire()
    stream = QuietStream(lambda: wire.body.count(streaming.SIGN_OF_LIFE) >= 2)

    async def open_any(exchange: Exchange) -> Any:
        return Opened(exchange, stream)  # type: ignore[arg-type]

    kept: list[Exchange] = []
    monkeypatch.setattr(auto, "keep_trace", lambda exchange, *more: kept.append(exchange))
    monkeypatch.setattr(streaming, "open_any", open_any)
    asyncio.run(streaming.send_stream(wire.make_visit(), EXCHANGE, silence=SILENCE))
    assert wire.body.startswith(b'data: {"part":1}\n\n: wait\n\n: wait\n\n')
    assert wire.body.endswith(b'data: {"part":2}\n\ndata: [DONE]\n\n')
    assert (b"x-touchstone-model", b"quiet") in wire.messages[0]["headers"]
    assert stream.is_closed
    assert kept == [EXCHANGE]


def test_who_waits_long_for_the_first_part_hears_so_and_then_why_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire()

    async def open_any(exchange: Exchange) -> Any:
        while streaming.SIGN_OF_LIFE not in wire.body:
            await asyncio.sleep(0.01)
        raise ConnectionFailed("gone")

    monkeypatch.setattr(streaming, "open_any", open_any)
    asyncio.run(streaming.send_stream(wire.make_visit(), EXCHANGE, silence=SILENCE))
    assert wire.messages[0]["status"] == 200
    assert (b"x-touchstone-trace", b"t") in wire.messages[0]["headers"]
    assert b'"code":"connection"' in wire.body
    assert streaming.DONE not in wire.body
