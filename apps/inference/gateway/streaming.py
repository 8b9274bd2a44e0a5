"""Answers that are sent as they are made: server-sent events, flushed one by one, ended with `data: [DONE]`.

Nothing is gathered: the next part is taken from the model when the one before was handed to the client's connection,
so that a client that does not read holds up its model and fills no memory.
"""

import asyncio
from contextlib import suppress
from typing import Any

import structlog

from apps.inference.errors import InferenceError
from apps.inference.exchange import Exchange
from apps.inference.gateway.asking import open_any
from apps.inference.gateway.auto import Opened
from apps.inference.gateway.refusals import Headers, Refusal, refuse_failure, refuse_for
from apps.inference.gateway.rendering import describe_reply, render_event, render_origin, render_trace
from apps.inference.gateway.visits import Visit

SILENCE_SECONDS = 15.0
"""After so much silence a comment says that there will be more, so that no proxy takes the connection for dead."""
SIGN_OF_LIFE = b": wait\n\n"
DONE = b"data: [DONE]\n\n"
HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]

log = structlog.get_logger("touchstone.gateway")


async def send_stream(visit: Visit, exchange: Exchange, *, silence: float = SILENCE_SECONDS) -> None:
    """Raises what went wrong before anything was sent; what does later is an event, and the last one."""
    opening = asyncio.ensure_future(open_any(exchange))
    pulse = Pulse(visit, silence)
    try:
        await asyncio.wait({opening}, timeout=silence)
        if opening.done():
            stream = opening.result().stream
            origin = render_origin(stream.tier, stream.model, stream.cache)
            await visit.begin(200, [*HEADERS, *origin, *render_trace(stream.trace)])
        else:
            # Whose model thinks for long is told so, and of a failure by an event.
            await visit.begin(200, [*HEADERS, *render_trace(exchange.caller.trace_id)])
            await visit.write(SIGN_OF_LIFE)
        pulse.start()
        await _send_parts(visit, opening, pulse)
    finally:
        pulse.stop()
        await _leave(opening)


async def _send_parts(visit: Visit, opening: asyncio.Future[Opened], pulse: "Pulse") -> None:
    try:
        opened = await opening
        async for part in opened.stream:
            pulse.beat()
            if part.get("usage") and not part["choices"]:
                part = part | describe_reply(opened.reply(), opened.stream.trace)
            await visit.write(render_event(part))
    except InferenceError as error:
        await visit.write(render_event(refuse_for(error).as_dict() | describe_end(opening)))
    except Exception:
        log.exception("gateway_failed", request_id=visit.id, path=visit.path)
        await visit.write(render_event(refuse_failure().as_dict()))
    else:
        await visit.write(DONE)
    await visit.end()


def describe_end(opening: asyncio.Future[Opened]) -> dict[str, Any]:
    """Nothing of a stream that never began."""
    if opening.exception():
        return {}
    opened = opening.result()
    return describe_reply(opened.reply(), opened.stream.trace)


async def _leave(opening: asyncio.Future[Opened]) -> None:
    """Ends at the provider what has not ended, also of a stream that was not open yet."""
    if not opening.done():
        opening.cancel()
        with suppress(asyncio.CancelledError, InferenceError, Refusal):
            await opening
    if opening.cancelled() or opening.exception():
        return
    opened = opening.result()
    await opened.stream.aclose()
    opened.finish()


class Pulse:
    """Writes a sign of life into each silence of a stream. One timer serves for its whole length."""

    def __init__(self, visit: Visit, silence: float) -> None:
        self._visit = visit
        self._silence = silence
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.beat()
        self._timer = self._loop.call_later(self._silence, self._look)

    def beat(self) -> None:
        self._heard = self._loop.time()

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._writing:
            self._writing.cancel()

    def _look(self) -> None:
        left = self._heard + self._silence - self._loop.time()
        # A client that takes nothing hears nothing of it either.
        if left <= 0 and not self._visit.is_writing:
            self.beat()
            self._writing = self._loop.create_task(self._visit.write(SIGN_OF_LIFE))
        self._timer = self._loop.call_later(max(left, 0) or self._silence, self._look)
