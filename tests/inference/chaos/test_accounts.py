"""No cost is lost: what servers say they made is in our records, whoever left, failed, or answered too late."""

from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db.models import Sum

from apps.inference.models import Call, CallMinute
from tests.core.embedded.processes import wait_until
from tests.inference.chaos.conftest import REQUESTS, Site
from tests.inference.factories import AliasFactory
from tests.inference.gateway.streams import open_socket, read_lines

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.critical]

HELLO = REQUESTS["chat"][1]
SCHEMA = {"type": "object", "properties": {"town": {"const": "Paris"}}, "required": ["town"]}
CUT = {"cut_after": 5, "chunk_delay": 0.3}
"""What came at once with the end of its connection may be lost to who reads it."""
FORM = {"response_format": {"type": "json_schema", "json_schema": {"name": "town", "schema": SCHEMA}}}


def read_records(name: str, *, by: str = "target") -> tuple[int, int, Decimal]:
    """Tokens in, tokens out and dollars, of calls, which the counts by the minute agree with."""
    sums = {"prompt": Sum("prompt_tokens"), "completion": Sum("completion_tokens"), "dollars": Sum("cost")}
    found = [rows.filter(**{by: name}).aggregate(**sums) for rows in (Call.objects.all(), CallMinute.objects.all())]
    assert found[0] == found[1]
    return found[0]["prompt"] or 0, found[0]["completion"] or 0, found[0]["dollars"] or Decimal(0)


def assert_paid(site: Site, name: str, *, exactly: bool = False, by: str = "target") -> None:
    """Of a model at a dollar a million tokens in, and two a million tokens out."""
    counts = site.scripted.count(name)
    prompt, completion, dollars = read_records(name, by=by)
    assert dollars * 1_000_000 == prompt + 2 * completion
    if exactly:
        assert (prompt, completion) == (counts["prompt_tokens"], counts["completion_tokens"])
    assert prompt >= counts["prompt_tokens"]
    assert completion >= counts["completion_tokens"]


def is_left(counts: dict[str, Any]) -> bool:
    """Whether the server has noticed that nobody waits for any of its answers."""
    return bool(counts) and counts["outcomes"].get("left") == counts["requests"]


def test_answers_that_come_too_late_are_paid_for(site: Site) -> None:
    site.put_model("tardy", {"delay": 60, "finishes": True}, timeout=1.0, max_output_tokens=40)
    site.wait_until_known(site.front.gateway, "tardy")
    answer = site.chat(site.front.gateway, "tardy")
    assert (answer.status, answer.body["error"]["code"]) == (504, "timeout")
    wait_until(lambda: is_left(site.scripted.count("tardy")))
    site.write_down()
    counts = site.scripted.count("tardy")
    assert counts["completion_tokens"] == counts["requests"] * 16
    assert_paid(site, "tardy")
    call = Call.objects.get(target="tardy")
    assert Decimal(answer.headers["x-touchstone-cost"]) == call.cost
    assert call.tokens_estimated


def test_whole_answers_that_nobody_waits_for_are_paid_for(site: Site) -> None:
    site.put_model("left", {"delay": 60, "finishes": True}, timeout=120.0)
    site.wait_until_known(site.front.gateway, "left")
    for _ in range(3):
        with open_socket(site.front.gateway, site.front.token, {"model": "left", **HELLO}):
            wait_until(lambda: site.scripted.counts()["open"] == 1)
        site.scripted.wait_until_idle()
    wait_until(lambda: Call.objects.filter(target="left", outcome="cancelled").count() == 3)
    assert site.scripted.count("left")["completion_tokens"] == 3 * 16
    assert_paid(site, "left")


def test_streams_that_are_left_anywhere_are_paid_for(site: Site) -> None:
    """The gateway has taken in all that its server had sent."""
    random, left = Random(7), 8
    sent = [random.randint(1, 40) for _ in range(left)]
    steps = [{"tokens": 900, "chunk_delay": 0.01, "hang_after": number} for number in sent]
    site.put_model("left-stream", *steps, {"status": 500}, timeout=120.0)
    site.wait_until_known(site.front.gateway, "left-stream")
    for number in sent:
        asked = {"model": "left-stream", "stream": True, **HELLO}
        with open_socket(site.front.gateway, site.front.token, asked) as stream:
            lines = read_lines(stream)
            for _ in range(1 + number):  # the first says who speaks
                next(line for line in lines if line.startswith("data:"))
            lines.close()  # which held the connection, too
    site.scripted.wait_until_idle()
    wait_until(lambda: Call.objects.filter(target="left-stream", outcome="cancelled").count() == left)
    assert site.scripted.count("left-stream")["completion_tokens"] == sum(sent)
    assert_paid(site, "left-stream")


@pytest.mark.parametrize("step", [CUT, {"error_after": 5}, {"wrong_json": True}, {"no_usage": True}])
@pytest.mark.parametrize("streamed", [False, True])
def test_answers_that_break_off_are_paid_for(site: Site, step: dict[str, Any], streamed: bool) -> None:
    name = f"broken-{next(iter(step)).replace('_', '-')}-{streamed}".lower()
    site.add_model(name, step)
    site.ask(site.front.gateway, "chat", name, **({"stream": True} if streamed else {}))
    site.write_down()
    assert_paid(site, name)


def test_json_that_is_put_right_is_paid_for_twice(site: Site) -> None:
    site.put_model("repaired", {"content": '{"town": "Rome"}'}, {"content": '{"town": "Paris"}'}, can_keep_schema=True)
    site.put_model("stubborn", {"content": "Rome"}, can_keep_schema=True)
    site.wait_until_all_know("stubborn")
    repaired = site.chat(site.front.gateway, "repaired", **FORM)
    stubborn = site.chat(site.front.gateway, "stubborn", **FORM)
    streamed = site.stream(site.front.gateway, "repaired", **FORM)
    assert (repaired.status, stubborn.body["error"]["code"]) == (200, "wrong_form")
    assert streamed.body[-1] == "[DONE]"
    site.write_down()
    for name, answer in (("repaired", repaired), ("stubborn", stubborn)):
        assert site.scripted.count(name)["requests"] == (3 if name == "repaired" else 2)
        assert_paid(site, name, exactly=True)
        calls = Call.objects.filter(trace_id=answer.headers["x-touchstone-trace"])
        assert Decimal(answer.headers["x-touchstone-cost"]) == calls.get().cost


def test_a_stream_in_another_form_is_recorded_as_that(site: Site) -> None:
    site.add_model("formless", {"content": "Rome"}, can_keep_schema=True)
    answer = site.stream(site.front.gateway, "formless", stream_options={"include_usage": True}, **FORM)
    told = answer.body[-1]
    assert (told["error"]["code"], told["error"]["type"]) == ("wrong_form", "api_error")
    assert "Ask without 'stream'" in told["error"]["message"]
    site.write_down()
    call = Call.objects.get(target="formless")
    assert (call.outcome, float(call.cost)) == ("wrong_form", told["touchstone"]["cost"])
    assert_paid(site, "formless", exactly=True)


@pytest.mark.parametrize("streamed", [False, True])
def test_every_tier_of_auto_is_paid_for(site: Site, streamed: bool) -> None:
    """Some fail at no cost, and of some nobody knows what they cost; the last one answers."""
    lost = {"raw": "[]"} if streamed else {"wrong_json": True}
    steps: list[dict[str, Any]] = [{"status": 500}, lost, {"ok": True}]
    models = [site.put_model(f"tier-{place}", step) for place, step in enumerate(steps)]
    AliasFactory(name="auto", models=models)
    site.wait_until_all_know(models[-1].name)
    wait_until(lambda: site.chat(site.front.gateway, "auto").headers["x-touchstone-model"] == "tier-2")
    more = {"stream": True, "stream_options": {"include_usage": True}} if streamed else {}
    answer = site.ask(site.front.gateway, "chat", "auto", **more)
    cost = answer.body[-2]["touchstone"]["cost"] if streamed else float(answer.headers["x-touchstone-cost"])
    site.write_down()
    calls = Call.objects.filter(trace_id=answer.headers["x-touchstone-trace"])
    assert {(call.target, call.model) for call in calls} == {("auto", model.name) for model in models}
    assert cost == float(sum(call.cost for call in calls)) > 0
    for model in models:
        assert_paid(site, model.name, by="model")


def test_what_a_cache_answers_costs_nothing(site: Site) -> None:
    model = site.put_model("kept", {"ok": True})
    AliasFactory(name="keeps", models=[model], cache="exact")
    site.wait_until_all_know("keeps")
    first = site.chat(site.front.gateway, "keeps")
    assert first.headers["x-touchstone-cache"] == "miss"
    wait_until(lambda: site.chat(site.second, "keeps").headers["x-touchstone-cache"] == "exact")
    streamed = site.stream(site.front.gateway, "keeps", stream_options={"include_usage": True})
    assert (streamed.body[-2]["touchstone"]["cost"], streamed.body[-2]["touchstone"]["tier"]) == (0, "cache")
    site.write_down()
    counts = site.scripted.count("kept")
    prompt, completion, dollars = read_records("keeps")
    assert counts["requests"] == 1
    assert (prompt, completion) == (counts["prompt_tokens"], counts["completion_tokens"])
    assert dollars == Decimal(first.headers["x-touchstone-cost"])
