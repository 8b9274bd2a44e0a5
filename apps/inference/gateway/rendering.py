"""Replies as they are sent: OpenAI's body, and headers that say how it came about."""

import base64
from array import array
from decimal import Decimal
from typing import Any

import orjson

from apps.inference.exchange import Body, Reply
from apps.inference.gateway.refusals import Headers
from apps.inference.ladder import CACHE


def render_reply(reply: Reply, *, is_base64: bool = False) -> bytes:
    """Its model is the name that is curated here, whatever the provider calls it."""
    body = {**reply.body, "model": reply.model}
    if is_base64:
        body["data"] = [{**row, "embedding": pack_floats(row["embedding"])} for row in body["data"]]
    return orjson.dumps(body)


def pack_floats(values: Any) -> str:
    """Little-endian float32, in base64: what OpenAI's clients ask for when their caller says nothing."""
    return values if isinstance(values, str) else base64.b64encode(array("f", values).tobytes()).decode()


def render_headers(reply: Reply, trace_id: str) -> Headers:
    origin = render_origin(reply.tier, reply.model, reply.cache)
    return [*origin, *render_trace(trace_id), *render_cost(reply.cost)]


def describe_reply(reply: Reply, trace_id: str) -> dict[str, Any]:
    """What headers say of a whole answer, for the end of a stream: clients of OpenAI's API pass by what is not its."""
    tier = CACHE if reply.cache else reply.tier
    told = {"model": reply.model, "tier": tier, "cache": reply.cache or "miss", "cost": float(reply.cost)}
    return {"touchstone": {**told, "trace_id": trace_id}}


def render_origin(tier: str, model: str, cache: str) -> Headers:
    """`cache` is how an earlier answer was found, if this is one."""
    return [
        (b"x-touchstone-tier", (CACHE if cache else tier).encode()),
        (b"x-touchstone-model", model.encode()),
        (b"x-touchstone-cache", (cache or "miss").encode()),
    ]


def render_trace(trace_id: str) -> Headers:
    return [(b"x-touchstone-trace", trace_id.encode())]


def render_cost(cost: Decimal) -> Headers:
    return [(b"x-touchstone-cost", write_dollars(cost).encode())]


def write_dollars(cost: Decimal) -> str:
    """Such as 0.0000125: never with an exponent."""
    return f"{cost.normalize():f}"


def render_event(part: Body) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(part)
