"""Answers as the protocol has them, and tokens as the one rule counts them."""

import json
import socket
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.scripted import ScriptedServer
from tests.scripted.answers import cut_tokens, embed, fit
from tests.scripted.models import BY_NAME, CHAT, EMBEDDING, INTENT
from tests.scripted.tokens import count_tokens

pytestmark = pytest.mark.integration


def ask(client: Any, text: str = "Hi", **more: Any) -> Any:
    return client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": text}], **more)


@given(st.text())
def test_tokens_are_the_text(text: str) -> None:
    tokens, was_cut = cut_tokens(text, None)
    assert (len(tokens), was_cut) == (count_tokens(text), False)
    assert text.startswith("".join(tokens))


def test_a_stream_says_what_the_whole_answer_says(client: openai.OpenAI) -> None:
    whole = ask(client, max_tokens=5, n=2)
    events = list(ask(client, max_tokens=5, n=2, stream=True, stream_options={"include_usage": True}))
    assert events[0].choices[0].delta.role == "assistant"
    assert [choice.finish_reason for choice in whole.choices] == ["length", "length"]
    for place, choice in enumerate(whole.choices):
        mine = [one for event in events for one in event.choices if one.index == place]
        assert "".join(one.delta.content or "" for one in mine) == choice.message.content
        assert mine[-1].finish_reason == "length"
    assert events[-1].choices == []
    assert events[-1].usage == whole.usage
    assert whole.usage.completion_tokens == 10


def test_a_stream_without_the_wish_has_no_usage(client: openai.OpenAI) -> None:
    assert all(event.usage is None for event in ask(client, stream=True))


class Town(BaseModel):
    name: str
    people: int
    rivers: list[str]


def test_a_schema_is_met_by_the_second_answer(server: ScriptedServer, client: openai.OpenAI) -> None:
    server.script(CHAT, {"wrong_schema": True})
    wanted = {"type": "json_schema", "json_schema": {"name": "town", "schema": Town.model_json_schema()}}
    first, second = (json.loads(ask(client, response_format=wanted).choices[0].message.content) for _ in range(2))
    assert first == {"unexpected": True}
    assert Town.model_validate(second).rivers == ["text"]


def test_values_fit_what_a_schema_allows() -> None:
    schema = {
        "type": "object",
        "properties": {
            "kind": {"enum": ["a", "b"]},
            "size": {"type": "integer", "minimum": 7},
            "of": {"anyOf": [{"$ref": "#/$defs/other"}, {"type": "null"}]},
            "code": {"type": ["string", "null"], "minLength": 6},
        },
        "$defs": {"other": {"type": "array", "items": {"type": "boolean"}, "minItems": 2}},
    }
    assert fit(schema) == {"kind": "a", "size": 7, "of": [True, True], "code": "texttt"}


def test_vectors_are_the_same_in_both_encodings(server: ScriptedServer, client: openai.OpenAI) -> None:
    packed, plain = (
        client.embeddings.create(model=EMBEDDING, input=["a b", "c"], dimensions=8, encoding_format=encoding).data
        for encoding in ("base64", "float")
    )
    unpacked = client.embeddings.create(model=EMBEDDING, input="a b", dimensions=8).data[0].embedding
    assert plain[0].embedding == pytest.approx(unpacked)
    assert sum(value**2 for value in plain[0].embedding) == pytest.approx(1)
    assert packed[1].embedding == embed("c", 8, "base64")
    assert server.count(EMBEDDING)["prompt_tokens"] == 3 + 3 + 2


def test_completions(client: openai.OpenAI) -> None:
    whole = client.completions.create(model=CHAT, prompt="One two", max_tokens=4)
    parts = list(client.completions.create(model=CHAT, prompt="One two", max_tokens=4, stream=True))
    assert "".join(part.choices[0].text for part in parts) == whole.choices[0].text
    assert (whole.usage and whole.usage.total_tokens, whole.choices[0].finish_reason) == (6, "length")


def test_models(server: ScriptedServer, client: openai.OpenAI) -> None:
    assert {model.id for model in client.models.list()} == set(BY_NAME) - {INTENT}
    assert client.models.retrieve(CHAT).owned_by == "scripted"
    server.script("/v1/models", {"status": 503})
    with pytest.raises(openai.InternalServerError):
        client.models.list()


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": [{"role": "nobody", "content": ""}]}, "messages[0].role"),
        ({"messages": []}, "messages"),
        ({"model": ""}, "model"),
    ],
)
def test_wrong_input_names_what_is_wrong(more: dict[str, Any], param: str, client: openai.OpenAI) -> None:
    body: dict[str, Any] = {"model": CHAT, "messages": [{"role": "user", "content": "Hi"}], **more}
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**body)
    assert caught.value.param == param


def test_requests_over_one_connection_are_answered_in_their_order(server: ScriptedServer) -> None:
    """Those that come before the last one is answered wait."""
    body = json.dumps({"model": CHAT, "messages": [{"role": "user", "content": "Hi"}]})
    head = f"Host: x\r\nAuthorization: Bearer {server.key}\r\nContent-Length: {len(body)}\r\n"
    post = f"POST /v1/chat/completions HTTP/1.1\r\n{head}"
    server.script(CHAT, {"delay": 0.1, "content": "first"}, {"content": "second"})
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(f"{post}\r\n{body}{post}Connection: close\r\n\r\n{body}".encode())
        text = b""
        while part := connection.recv(65_536):
            text += part
    assert 0 < text.index(b"first") < text.index(b"second")


def test_what_came_is_told(server: ScriptedServer, client: openai.OpenAI) -> None:
    ask(client, "Kept", temperature=0.5, extra_headers={"x-trace": "7"})
    [request] = server.requests()
    assert request["body"]["temperature"] == 0.5
    assert (request["path"], request["headers"]["x-trace"]) == ("/v1/chat/completions", "7")


def test_torchserve(server: ScriptedServer) -> None:
    server.script(INTENT, {"status": 503})
    client = httpx2.Client(base_url=server.url, timeout=60)
    assert client.get("/ping").json() == {"status": "Healthy"}
    path, body = "/predictions/intent", {"instances": ["billing please", "cancel it"]}
    assert client.post(path, json=body).json()["code"] == 503
    found = client.post(path, json=body).json()["predictions"]
    assert [one["intent"] for one in found] == ["billing", "cancel"]
    assert client.put("/models/intent?min_worker=2").status_code == 200
    assert len(client.get("/models/intent").json()[0]["workers"]) == 2
    assert client.post("/predictions/none", json=body).json()["type"] == "ModelNotFoundException"
