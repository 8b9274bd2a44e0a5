"""An answer that is ready to be sent: whole, or as the events of a stream, with what it costs."""

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tests.scripted.errors import Refusal
from tests.scripted.steps import Step

DONE = b"data: [DONE]\n\n"
numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream, and the tokens in it; content is what a step may cut after."""

    data: bytes
    tokens: int = 0
    is_content: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    prompt_tokens: int
    completion_tokens: int
    body: bytes = b""
    events: Sequence[Event] | None = None


def new_id(prefix: str) -> str:
    return f"{prefix}-{next(numbers):012x}"


def start_object(kind: str, prefix: str, model: str) -> dict[str, Any]:
    return {
        "id": new_id(prefix),
        "object": kind,
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": "fp_scripted",
    }


def tell_usage(prompt: int, completion: int) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def encode_event(value: Mapping[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


def group(tokens: Sequence[str], size: int) -> list[tuple[str, int]]:
    """Pieces of text of so many tokens, each with their number."""
    parts = [tokens[start : start + size] for start in range(0, len(tokens), size)]
    return [("".join(part), len(part)) for part in parts]


def wants_usage(body: Mapping[str, Any]) -> bool:
    return bool((body.get("stream_options") or {}).get("include_usage"))


def check_common(body: Mapping[str, Any]) -> None:
    if body.get("stream_options") is not None and not body.get("stream"):
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise Refusal(400, message, "stream_options")
    for name in ("max_tokens", "max_completion_tokens", "n"):
        value = body.get(name)
        if value is not None and (not isinstance(value, int) or value < 1):
            raise Refusal(400, f"Invalid '{name}': expected a whole number of at least 1.", name)


def finish_stream(events: list[Event], base: dict[str, Any], usage: dict[str, Any], body: Any, step: Step) -> None:
    """Adds the chunk that tells the usage, where it is wanted, and the end."""
    if wants_usage(body) and not step.no_usage:
        events.append(Event(encode_event({**base, "choices": [], "usage": usage})))
    events.append(Event(DONE))
