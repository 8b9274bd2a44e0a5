"""The way in for who calls models: what a call was is put down in microseconds, and written behind."""

import time
from collections.abc import Sequence
from decimal import Decimal

import structlog

from apps.inference.errors import InferenceError
from apps.inference.exchange import Attempt, Exchange, Reply, Usage
from apps.inference.recording.facts import CANCELLED, OK, CallFacts
from apps.inference.recording.recorder import recorder
from apps.inference.recording.retention import may_be_kept

NOTHING = Usage()

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
    attempts: Sequence[Attempt] = (),
) -> None:
    """Takes microseconds, and never fails. Milliseconds are those until the end, and until the first part.

    A call that failed or was cancelled has a reply with what there was of it, or else its `attempts`.
    """
    try:
        outcome = error.code if error is not None else CANCELLED if cancelled else OK
        kept = may_be_kept(exchange.caller.user) and recorder.has_room_for_texts
        recorder.put(
            describe_reply(exchange, reply, outcome, streamed, ms, first_ms, kept)
            if reply is not None
            else describe_failure(exchange, attempts, outcome, streamed, ms, first_ms, kept)
        )
    except Exception:  # whoever called has an answer to give, whatever is wrong here
        log.exception("call_not_put_down")


def describe_reply(
    exchange: Exchange, reply: Reply, outcome: str, streamed: bool, ms: float, first_ms: float | None, kept: bool
) -> CallFacts:
    return CallFacts(
        time.time(),
        exchange.caller,
        exchange.operation,
        exchange.target,
        reply.model,
        reply.provider,
        reply.tier,
        reply.cache,
        outcome,
        streamed,
        reply.usage,
        reply.cost,
        ms,
        first_ms,
        reply.attempts,
        exchange.body if kept else None,
        reply.body if kept else None,
    )


def describe_failure(
    exchange: Exchange,
    attempts: Sequence[Attempt],
    outcome: str,
    streamed: bool,
    ms: float,
    first_ms: float | None,
    kept: bool,
) -> CallFacts:
    last = attempts[-1] if attempts else None
    return CallFacts(
        time.time(),
        exchange.caller,
        exchange.operation,
        exchange.target,
        last.model if last else "",
        last.provider if last else "",
        "",
        "",
        outcome,
        streamed,
        NOTHING,
        sum((attempt.cost for attempt in attempts), Decimal(0)),
        ms,
        first_ms,
        tuple(attempts),
        exchange.body if kept else None,
        None,
    )
