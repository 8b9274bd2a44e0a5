"""What a status of OpenAI's API means for who asked."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from apps.inference.errors import (
    BadAnswer,
    InferenceError,
    InputTooLong,
    Misconfigured,
    RateLimited,
    Refused,
    TimedOut,
)
from apps.inference.providers.connecting import Answer

TOO_LONG = frozenset({"context_length_exceeded", "string_above_max_length"})
PARAMETER = re.compile(r"\A[a-z_]{1,40}(?:\[\d{1,6}\](?:\.[a-z_]{1,40})?)?\Z")
"""Such as `temperature` or `messages[0].role`: of the request's own form, so that a caller may be told."""


SHOWN = 1000
"""Characters of what a server says about an error."""


def explain_refusal(answer: Answer) -> InferenceError:
    status = answer.status
    detail = f"status {status}: {read_text(answer)}"
    if status == 429:
        return RateLimited(detail, retry_after=read_retry_after(answer))
    if status == 408:
        return TimedOut(detail)
    if status >= 500:
        return BadAnswer(detail, retry_after=read_retry_after(answer))
    if status in (401, 402, 403, 404) or status < 400:
        return Misconfigured(detail)
    told = read_error(answer.content)
    if told.get("code") in TOO_LONG:
        return InputTooLong(detail)
    return Refused(detail, message=name_parameter(told.get("param")))


def read_text(answer: Answer) -> str:
    return answer.content[: 4 * SHOWN].decode("utf-8", "replace")[:SHOWN]


def read_error(content: bytes) -> dict[str, Any]:
    """What OpenAI's API tells of an error under `error`, and others bare; empty for what is neither."""
    try:
        told = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    told = told.get("error", told) if isinstance(told, dict) else told
    return told if isinstance(told, dict) else {}


def name_parameter(name: object) -> str:
    if not isinstance(name, str) or not PARAMETER.match(name):
        return ""
    return f"The model's server refused the request: {name} is not what it takes."


def read_retry_after(answer: Answer) -> float | None:
    """In seconds: the header is a number of them or a date."""
    text = answer.headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        return _read_date(text)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _read_date(text: str) -> float | None:
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
