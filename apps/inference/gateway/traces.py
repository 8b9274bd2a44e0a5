"""How answers of the gateway were reached, kept for a day for who asked. Of what was said there is nothing in them."""

from collections.abc import Mapping
from typing import Any

from apps.core.cache.registry import get_cache
from apps.inference.errors import InferenceError
from apps.inference.exchange import Exchange, Reply, sum_costs
from apps.inference.ladder import Climb

NAMESPACE = "inference.traces"
LADDER = "inference"


def keep_trace(exchange: Exchange, reply: Reply, climb: Climb[Any] | None = None) -> None:
    """Takes microseconds: a thread writes it to where all processes find it."""
    get_cache(NAMESPACE).set(exchange.caller.trace_id, describe_trace(exchange, reply, climb))


def keep_failure(exchange: Exchange, error: InferenceError) -> None:
    """Of what there is no answer of, so that who asked can see what was tried."""
    attempts = tuple(error.attempts)
    reply = Reply({}, "", "", "", cost=sum_costs(attempts), attempts=attempts)
    trace = {**describe_trace(exchange, reply, None), "answered": False, "error": error.code}
    get_cache(NAMESPACE).set(exchange.caller.trace_id, trace)


def find_trace(trace_id: str, user_id: int | None) -> dict[str, Any] | None:
    """None too where it is somebody else's."""
    trace: Mapping[str, Any] | None = get_cache(NAMESPACE).get(trace_id)
    if trace is None or trace["user_id"] != user_id:
        return None
    return {name: value for name, value in trace.items() if name != "user_id"}


def describe_trace(exchange: Exchange, reply: Reply, climb: Climb[Any] | None) -> dict[str, Any]:
    return {
        "trace_id": exchange.caller.trace_id,
        "ladder": LADDER,
        "target": exchange.target,
        "operation": exchange.operation.value,
        "model": reply.model,
        "tier": reply.tier,
        "cache": reply.cache,
        "cache_levels": [look.as_dict() for look in exchange.looks],
        "answered": climb.answered if climb else True,
        "error": "",
        "cost": float(reply.cost),
        "tokens": {"prompt": reply.usage.prompt, "completion": reply.usage.completion},
        "steps": [step.as_dict() for step in climb.steps] if climb else [],
        "attempts": [attempt.as_dict() for attempt in reply.attempts],
        "user_id": exchange.caller.user,
    }
