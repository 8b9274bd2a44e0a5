"""Server-sent events, as OpenAI's API streams them."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import orjson

from apps.inference.errors import BadAnswer, LostAnswer

DONE = b"[DONE]"
FIELD = b"data:"
MAX_EVENT = 8 * 1024 * 1024
"""Bytes: what never ends a line would fill the memory."""


async def read_events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[dict[str, Any], None]:
    """The objects in a stream of bytes, up to its end. Raises LostAnswer where there is none, or no JSON."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(FIELD):
                data = line[len(FIELD) :].strip()
                if data == DONE:
                    return
                yield read_event(data)
        if len(rest) > MAX_EVENT:
            raise LostAnswer(f"an event has more than {MAX_EVENT} bytes")
    raise LostAnswer("the stream ended before its end")


def read_event(data: bytes) -> dict[str, Any]:
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise LostAnswer(f"an event is no JSON: {error}") from error
    if not isinstance(event, dict):
        raise LostAnswer("an event is no object")
    if event.get("error"):
        raise BadAnswer(f"it says in the stream: {event['error']}")
    return event
