"""What a status of OpenAI's API means for who asked."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import openai

from apps.inference.errors import (
    BadAnswer,
    InferenceError,
    InputTooLong,
    Misconfigured,
    RateLimited,
    Refused,
    TimedOut,
)

TOO_LONG = frozenset({"context_length_exceeded", "string_above_max_length"})
PARAMETER = re.compile(r"\A[a-z_]{1,40}(?:\[\d{1,6}\](?:\.[a-z_]{1,40})?)?\Z")
"""Such as `temperature` or `messages[0].role`: of the request's own form, so that a caller may be told."""


def explain_status(error: openai.APIStatusError) -> InferenceError:
    status = error.status_code
    detail = f"status {status}: {error.message}"
    if status == 429:
        return RateLimited(detail, retry_after=read_retry_after(error.response))
    if status == 408:
        return TimedOut(detail)
    if status >= 500:
        return BadAnswer(detail, retry_after=read_retry_after(error.response))
    if status in (401, 402, 403, 404) or status < 400:
        return Misconfigured(detail)
    if error.code in TOO_LONG:
        return InputTooLong(detail)
    return Refused(detail, message=name_parameter(error.param))


def name_parameter(name: object) -> str:
    if not isinstance(name, str) or not PARAMETER.match(name):
        return ""
    return f"The model's server refused the request: {name} is not what it takes."


def read_retry_after(response: httpx2.Response) -> float | None:
    """In seconds: the header is a number of them or a date."""
    text = response.headers.get("retry-after", "")
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
