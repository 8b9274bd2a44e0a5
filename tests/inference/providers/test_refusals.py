"""What a status means, and what a caller is told of it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson
import pytest

from apps.inference.errors import BadAnswer, InferenceError, InputTooLong, Misconfigured, RateLimited, Refused, TimedOut
from apps.inference.providers.connecting import Answer
from apps.inference.providers.refusals import SHOWN, explain_refusal, read_retry_after

pytestmark = pytest.mark.unit


def refuse(status: int, **told: Any) -> InferenceError:
    told = {"message": "secret words of the server", "code": None, "param": None} | told
    return explain_refusal(Answer(status, {}, orjson.dumps({"error": told})))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Misconfigured),
        (400, Refused),
        (401, Misconfigured),
        (402, Misconfigured),
        (403, Misconfigured),
        (404, Misconfigured),
        (408, TimedOut),
        (413, Refused),
        (422, Refused),
        (429, RateLimited),
        (500, BadAnswer),
        (529, BadAnswer),
    ],
)
def test_statuses(status: int, kind: type[InferenceError]) -> None:
    error = refuse(status)
    assert type(error) is kind
    assert "secret words" in error.detail
    assert "secret words" not in str(error)


def test_a_parameter_is_named_and_nothing_else() -> None:
    assert "messages[0].role is not" in str(refuse(400, param="messages[0].role"))
    assert str(refuse(400, param="http://10.0.0.1/ is away")) == Refused.message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>secret words</html>",
        b"\xff\xfe",
        b"[]",
        b"7",
        b'"text"',
        b'{"error": "no"}',
        b'{"error": {"param": [1]}}',
    ],
)
def test_what_is_said_in_another_form(content: bytes) -> None:
    error = explain_refusal(Answer(400, {}, content))
    assert type(error) is Refused
    assert str(error) == Refused.message


def test_an_error_told_bare() -> None:
    """As some servers do, without OpenAI's `error` around it."""
    told = orjson.dumps({"object": "error", "message": "too long", "code": "context_length_exceeded"})
    assert type(explain_refusal(Answer(400, {}, told))) is InputTooLong


def test_a_long_page_is_cut() -> None:
    assert len(explain_refusal(Answer(502, {}, "ü".encode() * 10 * SHOWN)).detail) < SHOWN + 100


def test_what_is_too_long_may_fit_another_model() -> None:
    error = refuse(400, code="context_length_exceeded")
    assert type(error) is InputTooLong
    assert error.try_next


@pytest.mark.parametrize(
    ("text", "seconds"), [("1.5", 1.5), ("0", 0), ("-3", 0), ("", None), ("soon", None), ("nan", None), ("inf", None)]
)
def test_seconds_to_wait(text: str, seconds: float | None) -> None:
    assert read_retry_after(Answer(429, {"retry-after": text}, b"")) == seconds


def test_a_date_to_wait_for() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=1000), usegmt=True)
    found = read_retry_after(Answer(429, {"retry-after": at}, b""))
    assert found is not None
    assert 900 < found <= 1000
