"""The way in for who calls models: what a call was is put down in microseconds, and written behind."""

import time

import structlog

from apps.inference.errors import InferenceError
from apps.inference.exchange import Exchange, Reply, Usage
from apps.inference.recording.facts import CANCELLED, OK, CallFacts
from apps.inference.recording.recorder import recorder
from apps.inference.recording.retention import may_be_kept

NO_REPLY = Reply({}, "", "", "")

log = structlog.get_logger("touchstone.inference")


def record_call(
    exchange: Exchange,
    *,
    reply: Reply | None,
    error: InferenceError | None,
    cancelled: bool = False,
    streamed: bool,
    ms: float,
    first_ms: float | None,
) -> None:
    """Takes microseconds, and never fails. Milliseconds are those until the end, and until the first part.

    A call that failed or was cancelled has a reply too, with what there was of it and what was tried.
    """
    try:
        outcome = error.code if error is not None else CANCELLED if cancelled else OK
        recorder.put(describe_call(exchange, reply or NO_REPLY, outcome, streamed, ms, first_ms))
    except Exception:  # whoever called has an answer to give, whatever is wrong here
        log.exception("call_not_put_down")


def describe_call(
    exchange: Exchange, reply: Reply, outcome: str, streamed: bool, ms: float, first_ms: float | None
) -> CallFacts:
    """Bodies are held only as long as their texts may have to be kept. What a cache answers takes no model's tokens."""
    kept = may_be_kept(exchange.caller.user) and recorder.has_room_for_texts
    last = reply.attempts[-1] if reply.attempts else reply
    return CallFacts(
        time.time(),
        exchange.caller,
        exchange.operation,
        exchange.alias or exchange.target,
        reply.model or last.model,
        reply.provider or last.provider,
        reply.tier,
        reply.cache,
        outcome,
        streamed,
        Usage() if reply.cache else reply.usage,
        reply.cost,
        ms,
        first_ms,
        reply.attempts,
        exchange.body if kept else None,
        reply.body if kept else None,
    )
