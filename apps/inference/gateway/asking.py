"""From an exchange to a reply or a stream: by the name that was asked for, or up the ladder for `auto`."""

from apps.inference.calling import call_async, open_stream
from apps.inference.exchange import Exchange, Reply
from apps.inference.gateway.auto import Opened, ask_auto, open_auto
from apps.inference.gateway.traces import keep_trace
from apps.inference.models import AUTO


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
        return await open_auto(exchange)
    return Opened(exchange, await open_stream(exchange))
