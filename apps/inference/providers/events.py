"""Server-sent events, as OpenAI's API streams them."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import orjson

from apps.inference.errors import BadAnswer, CutOff, LostAnswer

DONE = b"[DONE]"
FIELD = b"data:"
MAX_EVENT = 8 * 1024 * 1024
"""Bytes: what never ends a line would fill the memory."""


async def read_events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[dict[str, Any], None]:
    """The objects in a stream of bytes, up to its end. Raises CutOff where there is none, LostAnswer for no JSON."""
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
    raise CutOff("the stream ended before its end")


def read_event(data: bytes) -> dict[str, Any]:
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise LostAnswer(f"an event is no JSON: {error}") from error
    if not isinstance(event, dict):
        raise LostAnswer("an event is no object")
    if event.get("error"):
        raise BadAnswer(f"it says in the stream: {event['error']}")
    choices = event.setdefault("choices", [])
    if not isinstance(choices, list) or not all(has_text(one, "delta") or has_text(one, "text") for one in choices):
        raise LostAnswer("an event is no part of an answer")
    return event


def has_text(choice: Any, name: str) -> bool:
    """Whether a choice has a `text`, or under another name an object that may have one, or calls of tools."""
    if not isinstance(choice, dict) or not has_place(choice):
        return False
    found = choice.get(name)
    if not isinstance(found, dict):
        return name == "text" and isinstance(found, str)
    calls = found.get("tool_calls") or []
    return isinstance(found.get("content"), str | None) and isinstance(calls, list) and all(map(is_call, calls))


def has_place(piece: dict[str, Any]) -> bool:
    """Whether its number among its like is one, or is not said."""
    return isinstance(piece.get("index"), int | None)


def is_call(call: Any) -> bool:
    function = call.get("function") if isinstance(call, dict) and has_place(call) else None
    if not isinstance(function, dict):
        return False
    return all(isinstance(function.get(name), str | None) for name in ("name", "arguments"))
