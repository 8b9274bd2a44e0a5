"""Whole answers, through a gateway that runs, from a server that answers."""

import base64
import struct

import pytest

from tests.inference.gateway.conftest import Front
from tests.scripted import ScriptedServer
from tests.scripted.models import CHAT, EMBEDDING

pytestmark = [pytest.mark.integration]


def test_an_answer_says_how_it_came_about(front: Front, scripted: ScriptedServer) -> None:
    answered = front.chat("What is up?", temperature=0.5, made_up={"passed": "on"})
    assert answered.status == 200
    assert answered.body["object"] == "chat.completion"
    assert answered.body["model"] == CHAT
    assert answered.body["choices"][0]["message"]["content"]
    usage = answered.body["usage"]
    cost = (usage["prompt_tokens"] + 2 * usage["completion_tokens"]) / 1_000_000
    headers = answered.headers
    assert float(headers["x-touchstone-cost"]) == pytest.approx(cost)
    assert headers["x-touchstone-tier"] == "large"
    assert headers["x-touchstone-model"] == CHAT
    assert headers["x-touchstone-cache"] == "miss"
    assert len(headers["x-touchstone-trace"]) == len(headers["x-request-id"]) == 32
    assert headers["ratelimit"].startswith('"key";r=')
    sent = scripted.requests()[-1]["body"]
    assert sent["made_up"] == {"passed": "on"}
    assert sent["temperature"] == 0.5


def test_an_id_of_the_callers_own_comes_back(front: Front) -> None:
    assert front.ask("GET", "/v1/models", headers={"X-Request-ID": "mine-1"}).headers["x-request-id"] == "mine-1"


def test_models_are_listed_with_aliases_and_auto(front: Front) -> None:
    listed = front.ask("GET", "/v1/models").body
    assert listed["object"] == "list"
    assert {"auto", CHAT, EMBEDDING} <= {one["id"] for one in listed["data"]}
    one = front.ask("GET", f"/v1/models/{CHAT}").body
    assert one == {"id": CHAT, "object": "model", "created": one["created"], "owned_by": "touchstone"}


def test_a_completion_of_a_text(front: Front) -> None:
    answered = front.ask("POST", "/v1/completions", {"model": "scripted-text", "prompt": "Once"})
    assert answered.status == 200
    assert answered.body["choices"][0]["text"]


def test_vectors_come_as_numbers_or_packed(front: Front) -> None:
    asked = {"model": EMBEDDING, "input": ["one", "two"]}
    plain = front.ask("POST", "/v1/embeddings", asked).body
    packed = front.ask("POST", "/v1/embeddings", {**asked, "encoding_format": "base64"}).body
    assert len(plain["data"]) == len(packed["data"]) == 2
    for numbers, text in zip(plain["data"], packed["data"], strict=True):
        raw = base64.b64decode(text["embedding"])
        assert struct.unpack(f"<{len(raw) // 4}f", raw) == pytest.approx(numbers["embedding"], abs=1e-6)
