"""What a status means, and what a caller is told of it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import openai
import pytest

from apps.inference.errors import BadAnswer, InferenceError, InputTooLong, Misconfigured, RateLimited, Refused, TimedOut
from apps.inference.providers.refusals import explain_status, read_retry_after

pytestmark = pytest.mark.unit


def refuse(status: int, headers: dict[str, str] | None = None, **body: Any) -> InferenceError:
    request = httpx2.Request("POST", "http://10.0.0.1/v1/chat/completions")
    response = httpx2.Response(status, headers=headers, request=request)
    body = {"message": "secret words of the server", "code": None, "param": None} | body
    return explain_status(openai.APIStatusError(body["message"], response=response, body=body))


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


def test_what_is_too_long_may_fit_another_model() -> None:
    error = refuse(400, code="context_length_exceeded")
    assert type(error) is InputTooLong
    assert error.try_next


@pytest.mark.parametrize(
    ("text", "seconds"), [("1.5", 1.5), ("0", 0), ("-3", 0), ("", None), ("soon", None), ("nan", None), ("inf", None)]
)
def test_seconds_to_wait(text: str, seconds: float | None) -> None:
    assert read_retry_after(httpx2.Response(429, headers={"retry-after": text})) == seconds


def test_a_date_to_wait_for() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    found = read_retry_after(httpx2.Response(429, headers={"retry-after": at}))
    assert found is not None
    assert 90 < found <= 100
