"""`auto` on the wire: which models are asked, in which order, and what is told of it."""

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from apps.inference.models import Alias, AliasModel, Call, ServedModel
from tests.core.embedded.processes import wait_until
from tests.inference.factories import AliasFactory, ModelFactory
from tests.inference.gateway.conftest import Front
from tests.inference.gateway.streams import open_socket, read_events, read_lines
from tests.scripted import ScriptedServer

pytestmark = [pytest.mark.integration]

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
    },
}


@pytest.fixture
def ladder(front: Front, scripted: ScriptedServer) -> Front:
    """Three models of three tiers, of which the first can't use tools."""
    for tier, price in (("local", 0), ("small", 1), ("large", 5)):
        scripted.script(f"the-{tier}")
        able = {"can_use_tools": tier != "local", "can_keep_schema": True}
        ModelFactory(name=f"the-{tier}", tier=tier, price_in=price, price_out=price, provider=front.provider, **able)
    ServedModel.objects.exclude(name__startswith="the-").update(is_active=False)
    wait_until(
        lambda: (
            {one["id"] for one in front.ask("GET", "/v1/models").body["data"]}
            == {"auto", "the-local", "the-small", "the-large"}
        )
    )
    return front


def ask(front: Front, **more: Any) -> Any:
    return front.chat(model="auto", **more)


def test_the_cheapest_tier_answers(ladder: Front) -> None:
    answered = ask(ladder)
    assert answered.status == 200
    assert answered.body["model"] == answered.headers["x-touchstone-model"] == "the-local"
    assert answered.headers["x-touchstone-tier"] == "local"
    assert answered.headers["x-touchstone-cost"] == "0"


def test_a_tier_that_cannot_do_it_is_passed_over(ladder: Front, scripted: ScriptedServer) -> None:
    answered = ask(ladder, tools=[TOOL], tool_choice="required")
    assert answered.headers["x-touchstone-model"] == "the-small"
    assert answered.body["choices"][0]["message"]["tool_calls"]
    assert not scripted.count("the-local")


def test_a_tier_that_fails_is_passed_over(ladder: Front, scripted: ScriptedServer) -> None:
    scripted.script("the-local", always={"status": 500})
    assert ask(ladder).headers["x-touchstone-model"] == "the-small"
    assert ask(ladder, stream=True).headers["x-touchstone-model"] == "the-small"


def test_an_answer_with_a_flaw_is_paid_for_and_the_next_model_asked(ladder: Front, scripted: ScriptedServer) -> None:
    scripted.script("the-small", always={"content": "No tools today", "no_tools": True})
    answered = ask(ladder, tools=[TOOL], tool_choice="required")
    assert answered.headers["x-touchstone-model"] == "the-large"
    usage = answered.body["usage"]
    assert float(answered.headers["x-touchstone-cost"]) > 5 * usage["total_tokens"] / 1_000_000


def test_what_a_tier_that_failed_may_have_cost_is_in_the_cost(ladder: Front, scripted: ScriptedServer) -> None:
    scripted.script("the-small", always={"wrong_json": True})
    answered = ask(ladder, tools=[TOOL], tool_choice="required")
    assert answered.headers["x-touchstone-model"] == "the-large"
    ladder.write_down()
    calls = Call.objects.filter(trace_id=answered.headers["x-touchstone-trace"])
    assert set(calls.values_list("target", "model")) == {("auto", "the-small"), ("auto", "the-large")}
    assert cost_of(calls) == Decimal(answered.headers["x-touchstone-cost"]) > 0
    trace = ladder.read_trace(answered.headers["x-touchstone-trace"])
    assert trace["attempts"][0]["model"] == "the-small"
    assert trace["cost"] == float(cost_of(calls))


def test_what_all_cost_is_told_where_none_answers(ladder: Front, scripted: ScriptedServer) -> None:
    for name in ("the-local", "the-small", "the-large"):
        scripted.script(name, always={"wrong_json": True})
    answered = ask(ladder)
    assert answered.body["error"]["code"] in ("inference", "breaker_open")
    ladder.write_down()
    calls = Call.objects.filter(trace_id=answered.headers["x-touchstone-trace"])
    assert calls.count() == 3
    trace = ladder.read_trace(answered.headers["x-touchstone-trace"])
    assert (trace["answered"], trace["error"]) == (False, answered.body["error"]["code"])
    assert {attempt["model"] for attempt in trace["attempts"]} == {"the-local", "the-small", "the-large"}
    assert cost_of(calls) == Decimal(answered.headers["x-touchstone-cost"]) > 0


def test_a_streams_cost_takes_in_those_that_failed_before(ladder: Front, scripted: ScriptedServer) -> None:
    scripted.script("the-small", always={"raw": "[1]"})
    asked = {"model": "auto", "stream": True, "stream_options": {"include_usage": True}, "tools": [TOOL]}
    body = {**asked, "messages": [{"role": "user", "content": "Hello"}]}
    with open_socket(ladder.gateway, ladder.token, body) as stream:
        *_, last, done = read_events(read_lines(stream))
    assert done == "[DONE]"
    told = last["touchstone"]
    assert (told["model"], told["tier"], told["cache"]) == ("the-large", "large", "miss")
    ladder.write_down()
    calls = Call.objects.filter(trace_id=told["trace_id"])
    assert calls.count() == 2
    assert told["cost"] == float(cost_of(calls)) > 5 * last["usage"]["total_tokens"] / 1_000_000


def cost_of(calls: Any) -> Decimal:
    found: Decimal = calls.aggregate(cost=Sum("cost"))["cost"]
    return found


def test_without_any_model_it_says_who_can_help(front: Front) -> None:
    ServedModel.objects.update(is_active=False)
    wait_until(lambda: [one["id"] for one in front.ask("GET", "/v1/models").body["data"]] == ["auto"])
    answered = ask(front)
    assert (answered.status, answered.body["error"]["code"]) == (404, "no_models")
    assert "can add one" in answered.body["error"]["message"]


def test_where_none_is_sure_the_first_ones_answer_is_given(ladder: Front, scripted: ScriptedServer) -> None:
    for name in ("the-small", "the-large"):
        scripted.script(name, always={"content": f"No tools for {name}", "no_tools": True})
    answered = ask(ladder, tools=[TOOL], tool_choice="required")
    assert answered.headers["x-touchstone-model"] == "the-small"


def test_what_is_wrong_with_a_request_ends_the_climb(ladder: Front, scripted: ScriptedServer) -> None:
    scripted.script("the-local", always={"status": 400})
    assert ask(ladder).status == 400
    assert not scripted.count("the-small")


def test_curators_choose_the_order(ladder: Front) -> None:
    auto = AliasFactory(name="auto", models=[ServedModel.objects.get(name="the-large")])
    wait_until(lambda: ask(ladder).headers["x-touchstone-model"] == "the-large")
    AliasModel.objects.filter(alias=auto).delete()
    Alias.objects.filter(pk=auto.pk).delete()
    wait_until(lambda: ask(ladder).headers["x-touchstone-model"] == "the-local")


def test_vectors_are_of_a_model_that_is_named(ladder: Front) -> None:
    answered = ladder.ask("POST", "/v1/embeddings", {"model": "auto", "input": "x"})
    assert answered.status == 400
    assert answered.body["error"]["code"] == "not_supported"
