"""From an exchange to a reply or a stream: by the name that was asked for, or up the ladder for `auto`."""

from collections.abc import Callable
from dataclasses import dataclass

from apps.inference.calling import Stream, call_async, open_stream
from apps.inference.exchange import Exchange, Reply
from apps.inference.gateway.auto import ask_auto, open_auto
from apps.inference.gateway.traces import keep_trace
from apps.inference.models import AUTO


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream that has begun. `finish` is called once it has ended, well or not."""

    stream: Stream
    finish: Callable[[], None]


async def ask(exchange: Exchange) -> Reply:
    """Raises apps.inference.errors."""
    if exchange.target == AUTO:
        return await ask_auto(exchange)
    reply = await call_async(exchange)
    keep_trace(exchange, reply)
    return reply


async def open_any(exchange: Exchange) -> Opened:
    """Raises apps.inference.errors."""
    if exchange.target == AUTO:
        stream, finish = await open_auto(exchange)
        return Opened(stream, finish)
    stream = await open_stream(exchange)
    return Opened(stream, lambda: keep_trace(exchange, stream.reply()))
