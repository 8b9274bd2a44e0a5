"""A question, and then the same in other words, over the whole path: gateway, Valkey, the real embedding model."""

import time
from typing import Any

import pytest
from django.test import Client

from apps.core.embedded.home import REPOSITORY
from apps.inference.caching.engine import LOADING
from apps.inference.embedding.manifest import MODEL_NAME
from apps.inference.models import Call, ServedModel
from tests.core.embedded.processes import wait_until
from tests.inference.factories import AliasFactory
from tests.inference.gateway.conftest import Front, wait_until_seen
from tests.inference.gateway.process import Answered
from tests.inference.gateway.streams import read_events
from tests.scripted import ScriptedServer
from tests.scripted.models import CHAT

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not (REPOSITORY / "var" / "models" / MODEL_NAME / "manifest.json").is_file(),
        reason="there is no embedding model: make setup",
    ),
]

LOADS_WITHIN = 500.0
"""Where this machine never compiled the model's loops, and others are at work on it."""
ALIAS = "again"
ASKED, ALIKE, OTHER = (
    "How can I learn to play the guitar?",
    "How do I learn to play guitar?",
    "How can I learn to play the piano?",
)


@pytest.fixture
def semantic(front: Front) -> Front:
    """Once its gateway has loaded what compares questions. Until then it answers, and says why it compares none."""
    AliasFactory(name=ALIAS, cache="semantic", models=[ServedModel.objects.get(name=CHAT)])
    wait_until_seen(front, ALIAS)
    until, number, told = time.monotonic() + LOADS_WITHIN, 0, LOADING
    while told == LOADING:
        assert time.monotonic() < until
        number += 1
        told = look_by_meaning(front, ask(front, f"Is it ready yet, number {number}?"))["reason"]
        time.sleep(0.2)
    return front


def ask(front: Front, text: str, **more: Any) -> Answered:
    answered = front.chat(text, model=ALIAS, **more)
    assert answered.status == 200
    return answered


def read_trace(front: Front, answered: Answered) -> dict[str, Any]:
    """As its owner reads it: it is written behind the answer."""
    client, found = Client(), []
    client.force_login(front.user)

    def is_there() -> bool:
        found[:] = [client.get(f"/api/v1/inference/traces/{answered.headers['x-touchstone-trace']}/")]
        return found[0].status_code == 200

    wait_until(is_there)
    trace: dict[str, Any] = found[0].json()
    return trace


def look_by_meaning(front: Front, answered: Answered) -> dict[str, Any]:
    [exact, alike] = read_trace(front, answered)["cache_levels"]
    assert (exact["level"], alike["level"]) == ("exact", "semantic")
    assert exact["outcome"] == "miss"
    return alike


def test_the_same_in_other_words_gets_the_earlier_answer(semantic: Front, scripted: ScriptedServer) -> None:
    scripted.reset()
    first = ask(semantic, ASKED)
    again = ask(semantic, ALIKE)
    other = ask(semantic, OTHER)

    assert [one.headers["x-touchstone-cache"] for one in (first, again, other)] == ["miss", "semantic", "miss"]
    assert again.headers["x-touchstone-tier"] == "cache"
    assert again.headers["x-touchstone-model"] == CHAT
    assert again.headers["x-touchstone-cost"] == "0"
    assert again.body["choices"] == first.body["choices"]
    assert scripted.counts()["totals"]["requests"] == 2

    look = look_by_meaning(semantic, again)
    assert (look["outcome"], look["reason"]) == ("hit", "")
    assert look["probability"] > 0.9
    assert look_by_meaning(semantic, other)["outcome"] == "miss"
    assert ALIKE not in str(read_trace(semantic, again))


def test_it_comes_as_a_stream_and_is_put_down(semantic: Front) -> None:
    first = ask(semantic, ASKED)
    text = first.body["choices"][0]["message"]["content"]
    streamed = ask(semantic, ALIKE, stream=True)

    assert streamed.headers["x-touchstone-cache"] == "semantic"
    *events, done = read_events(iter(streamed.body.decode().splitlines()))
    parts = [choice["delta"].get("content") or "" for event in events for choice in event.get("choices", ())]
    assert ("".join(parts), done) == (text, "[DONE]")
    trace_id = streamed.headers["x-touchstone-trace"]
    wait_until(lambda: Call.objects.filter(trace_id=trace_id, cache="semantic", cost=0).count() == 1)


def test_who_wants_a_new_answer_is_told_so_in_the_trace(semantic: Front) -> None:
    ask(semantic, ASKED)
    body = {"model": ALIAS, "messages": [{"role": "user", "content": ALIKE}]}
    answered = semantic.ask("POST", "/v1/chat/completions", body, headers={"Cache-Control": "no-cache"})

    assert answered.headers["x-touchstone-cache"] == "miss"
    [look] = read_trace(semantic, answered)["cache_levels"]
    assert (look["outcome"], look["reason"]) == ("skipped", "a new answer was asked for")


def test_a_long_text_is_compared_with_none(semantic: Front) -> None:
    look = look_by_meaning(semantic, ask(semantic, "Why? " * 500))
    assert look["outcome"] == "skipped"
    assert "2,000 characters" in look["reason"]
