"""Every failure has OpenAI's form, a status that says whose it is, and a code."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.users.limits.models import KeyUsage
from apps.users.models import ApiKey
from apps.users.scopes import FUNCTIONS_READ, INFERENCE_USE
from apps.users.services import create_key, revoke_key
from tests.core.embedded.processes import wait_until
from tests.inference.factories import AliasFactory
from tests.inference.gateway.conftest import Front
from tests.inference.gateway.process import Answered
from tests.scripted import ScriptedServer
from tests.scripted.models import CHAT, EMBEDDING

pytestmark = [pytest.mark.integration]

HELLO = [{"role": "user", "content": "Hello"}]
GOOD = {"model": CHAT, "messages": HELLO}
TOOL = {"type": "function", "function": {"name": "f"}}


def read_error(answered: Answered) -> tuple[int, str, str | None, str | None]:
    assert set(answered.body) == {"error"}
    error = answered.body["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    assert answered.headers["x-request-id"]
    return answered.status, error["type"], error["param"], error["code"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": None}, "model"),
        ({"model": 3}, "model"),
        ({"model": "m" * 201}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": ["x"]}, "messages[0]"),
        ({"messages": [{"role": "boss", "content": "x"}]}, "messages[0].role"),
        ({"messages": [*HELLO, {"role": "user"}]}, "messages[1].content"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0]"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": 1.5}, "top_p"),
        ({"n": 0}, "n"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools[0].function.name"),
        ({"tools": [TOOL], "tool_choice": 5}, "tool_choice"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.schema"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"user": 5}, "user"),
    ],
)
def test_a_wrong_field_is_named(front: Front, scripted: ScriptedServer, change: dict[str, Any], param: str) -> None:
    answered = front.ask("POST", "/v1/chat/completions", {**GOOD, **change})
    assert read_error(answered) == (400, "invalid_request_error", param, "invalid_value")
    assert scripted.counts()["totals"]["requests"] == 0


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": EMBEDDING}, "input"),
        ({"model": EMBEDDING, "input": []}, "input"),
        ({"model": EMBEDDING, "input": [1, "x"]}, "input"),
        ({"model": EMBEDDING, "input": "x", "dimensions": 0}, "dimensions"),
        ({"model": EMBEDDING, "input": "x", "encoding_format": "hex"}, "encoding_format"),
    ],
)
def test_a_wrong_field_of_vectors_is_named(front: Front, body: dict[str, Any], param: str) -> None:
    assert read_error(front.ask("POST", "/v1/embeddings", body))[2:] == (param, "invalid_value")


@pytest.mark.parametrize("body", [b"{", b"[]", b"", b"\xff", b'{"model": "\\ud800"}', b"[" * 5000])
def test_a_body_that_is_no_object(front: Front, body: bytes) -> None:
    answered = front.ask("POST", "/v1/chat/completions", body)
    assert read_error(answered) == (400, "invalid_request_error", None, "invalid_json")


def test_a_body_that_is_too_large(front: Front) -> None:
    # It is refused by what it says of itself, and the connection ended: who still sends may not hear of it.
    answered = front.ask("POST", "/v1/chat/completions", headers={"Content-Length": str(1024 * 1024 + 1)})
    assert read_error(answered) == (413, "invalid_request_error", None, "too_large")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
        ("POST", "/v1/models", 405, "method_not_allowed"),
        ("DELETE", f"/v1/models/{CHAT}", 405, "method_not_allowed"),
        ("POST", "/v1/images/generations", 404, "unknown_url"),
        ("GET", "/v1/", 404, "unknown_url"),
        ("GET", "/v1/models/none", 404, "model_not_found"),
    ],
)
def test_an_address_or_method_that_is_none(front: Front, method: str, path: str, status: int, code: str) -> None:
    answered = front.ask(method, path)
    found = read_error(answered)
    assert (found[0], found[3]) == (status, code)
    assert ("allow" in answered.headers) == (status == 405)


def test_a_model_that_is_none(front: Front) -> None:
    answered = front.chat(model="none")
    assert read_error(answered) == (404, "invalid_request_error", "model", "model_not_found")
    assert "GET /v1/models" in answered.body["error"]["message"]
    assert answered.headers["x-touchstone-cost"] == "0"


def test_an_alias_without_models(front: Front) -> None:
    AliasFactory(name="empty")
    wait_until(lambda: front.chat(model="empty").body["error"]["code"] == "no_models")
    assert read_error(front.chat(model="empty")) == (404, "invalid_request_error", "model", "no_models")


def test_what_a_model_cannot_is_said(front: Front) -> None:
    front.add_model("plain", can_stream=False, context_tokens=20, max_output_tokens=5)
    told = [
        front.chat(model="plain", stream=True),
        front.chat(model="plain", tools=[TOOL]),
        front.chat(model="plain", response_format={"type": "json_object"}),
        front.chat("word " * 50, model="plain"),
        front.chat(model=EMBEDDING),
    ]
    words = ("without 'stream'", "tools", "response_format", "takes 20", "for embedding, not for chat")
    for answered, word in zip(told, words, strict=True):
        assert read_error(answered)[0] == 400
        assert word in answered.body["error"]["message"]


def test_a_body_that_is_cut_says_where(front: Front) -> None:
    answered = front.ask("POST", "/v1/chat/completions", b'{"model": "x", ')
    assert "column 16" in answered.body["error"]["message"]


@pytest.mark.parametrize(
    ("model", "status", "kind", "code"),
    [
        ("scripted-broken", 502, "api_error", "inference"),
        ("scripted-wrong-json", 502, "api_error", "inference"),
        (EMBEDDING, 400, "invalid_request_error", "not_supported"),
    ],
)
def test_what_went_wrong_behind_is_told_without_names(
    front: Front, model: str, status: int, kind: str, code: str
) -> None:
    answered = front.chat(model=model)
    assert read_error(answered) == (status, kind, None, code)
    assert "127.0.0.1" not in answered.body["error"]["message"]


@pytest.mark.parametrize("key", ["", "nonsense", f"ts_{'a' * 8}_{'b' * 43}"])
def test_no_key_and_wrong_keys(front: Front, key: str) -> None:
    answered = front.chat_with(key)
    found = read_error(answered)
    assert found[:2] == (401, "authentication_error")
    assert found[3] == {"": "key_missing", "nonsense": "key_malformed"}.get(key, "key_unknown")
    assert answered.headers["www-authenticate"] == "Bearer"


def test_a_key_without_the_scope(front: Front) -> None:
    _, token = create_key(user=front.user, name="other", scopes=[FUNCTIONS_READ])
    assert read_error(front.chat_with(token)) == (403, "permission_error", None, "scope_missing")


def test_a_key_from_another_network(front: Front) -> None:
    _, token = create_key(user=front.user, name="far", scopes=[INFERENCE_USE], networks=["10.9.0.0/16"])
    assert read_error(front.chat_with(token))[3] == "key_network"


def test_a_key_that_expired(front: Front) -> None:
    ApiKey.objects.filter(pk=front.key.pk).update(expires_at=timezone.now() - timedelta(days=1))
    _, token = create_key(user=front.user, name="old", scopes=[INFERENCE_USE])
    ApiKey.objects.filter(name="old").update(expires_at=timezone.now() - timedelta(days=1))
    assert read_error(front.chat_with(token))[3] == "key_expired"


def test_a_key_is_refused_from_the_request_on_that_follows_its_revocation(front: Front) -> None:
    assert front.chat().status == 200
    revoke_key(key=front.key)
    assert read_error(front.chat()) == (401, "authentication_error", None, "key_revoked")


def test_more_than_the_key_may_ask(front: Front) -> None:
    _, token = create_key(user=front.user, name="rare", scopes=[INFERENCE_USE], requests_per_minute=2)
    assert [front.chat_with(token).status for _ in range(2)] == [200, 200]
    answered = front.chat_with(token)
    assert read_error(answered) == (429, "rate_limit_error", None, "rate_limited")
    assert int(answered.headers["retry-after"]) >= 1
    assert answered.headers["ratelimit"].startswith('"key";r=0')


def test_a_months_requests_are_spent(front: Front) -> None:
    _, token = create_key(user=front.user, name="poor", scopes=[INFERENCE_USE], requests_per_month=1)
    assert front.chat_with(token).status == 200
    assert read_error(front.chat_with(token)) == (429, "insufficient_quota", None, "budget_spent")
    wait_until(KeyUsage.objects.exists)  # which is written behind
