"""Answers in JSON: checked, put right once, and no schema that could harm."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from apps.inference.calling import call_async, forms, open_stream, schemas
from apps.inference.calling.forms import read_form
from apps.inference.calling.schemas import LONGEST_PATTERN, MOST_BYTES, MOST_PATTERNS
from apps.inference.errors import Refused, TimedOut, WrongForm
from tests.inference.calling.conftest import Curate
from tests.inference.serving import CHAT, Purse, Recorded, make_curated, make_exchange, make_model, make_provider, run
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration
TOWN = {
    "type": "object",
    "properties": {"town": {"type": "string", "pattern": "^[A-Z]"}, "people": {"type": "integer", "minimum": 1}},
    "required": ["town", "people"],
    "additionalProperties": False,
}


def ask_for(schema: Any) -> dict[str, Any]:
    return {**CHAT, "response_format": {"type": "json_schema", "json_schema": {"name": "town", "schema": schema}}}


def answer(content: str) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content}}]}


def test_a_wrong_answer_is_put_right_by_its_model(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded], purse: Purse
) -> None:
    wrong, right = '{"town": "paris"}', '{"town": "Paris", "people": 2}'
    scripted.script("form", {"content": wrong}, {"content": right})
    model = make_model(make_provider(scripted), "form")
    curate(make_curated(model))
    reply = run(lambda: call_async(make_exchange(model, ask_for(TOWN))))
    assert reply.body["choices"][0]["message"]["content"] == right
    first, second = scripted.requests()
    said = second["body"]["messages"]
    assert said[:1] == first["body"]["messages"]
    assert said[1] == {"role": "assistant", "content": wrong}
    assert "people" in said[2]["content"] or "town" in said[2]["content"]
    counts = scripted.count("form")
    assert (reply.usage.prompt, reply.usage.completion) == (counts["prompt_tokens"], counts["completion_tokens"])
    assert reply.body["usage"]["total_tokens"] == reply.usage.total == purse.spent[1]
    assert len(recorded) == 1


def test_a_model_that_stays_wrong_is_left_for_the_next(scripted: ScriptedServer, curate: Curate) -> None:
    scripted.script("stubborn", always={"content": "no JSON"})
    stubborn, well = make_model(make_provider(scripted), "stubborn"), make_model(make_provider(scripted))
    curate(make_curated(stubborn, well, aliases={"both": [stubborn, well]}))
    schema = {"type": "object", "properties": {"town": {"const": "Paris"}}, "required": ["town"]}
    assert run(lambda: call_async(make_exchange("both", ask_for(schema)))).model == well.name
    assert scripted.count("stubborn")["requests"] == 2
    with pytest.raises(WrongForm):
        run(lambda: call_async(make_exchange(stubborn, ask_for(schema))))


def test_any_object_will_do_where_no_schema_is_asked_for(scripted: ScriptedServer, curate: Curate) -> None:
    scripted.script("form", {"content": "[1]"}, {"content": '{"a": 1}'})
    model = make_model(make_provider(scripted), "form")
    curate(make_curated(model))
    body = {**CHAT, "response_format": {"type": "json_object"}}
    reply = run(lambda: call_async(make_exchange(model, body)))
    assert json.loads(reply.body["choices"][0]["message"]["content"]) == {"a": 1}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"town": "Paris", "people": 1}', ""),
        ("Paris", "no JSON"),
        ('{"town": "paris", "people": 1}', "does not match"),
        ('{"town": "Paris", "people": 0}', "minimum"),
        ('{"town": "Paris", "people": 1, "more": 1}', "more"),
    ],
)
def test_what_is_wrong_is_said(content: str, problem: str) -> None:
    found = read_form(ask_for(TOWN)).find_problem(answer(content))
    assert (problem in found) if problem else not found


def test_calls_of_tools_and_refusals_are_no_texts() -> None:
    form = read_form(ask_for(TOWN))
    assert not form.find_problem({"choices": [{"message": {"content": None, "tool_calls": [{}]}}]})
    assert not form.find_problem({"choices": [{"message": {"content": None, "refusal": "No."}}]})
    assert form.find_problem({"choices": [{"message": {"content": None}}]})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"pattern": "("},
        {"properties": {"a": {"pattern": "(?=a)"}}},
        {"patternProperties": {"(a+)+$": {}}},
        {"unevaluatedProperties": False},
        {"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": "^(a+)+$"}}},
        {"pattern": "a" * (LONGEST_PATTERN + 1)},
        {"anyOf": [{"pattern": f"a{number}"} for number in range(MOST_PATTERNS + 1)]},
        "no object",
        None,
    ],
)
def test_a_schema_that_is_none_is_refused_before_anybody_is_asked(
    schema: Any, scripted: ScriptedServer, curate: Curate
) -> None:
    model = make_model(make_provider(scripted))
    curate(make_curated(model))
    with pytest.raises(Refused, match="response_format"):
        run(lambda: call_async(make_exchange(model, ask_for(schema))))
    assert not scripted.requests()


def test_no_schema_fetches_another_or_runs_for_ever() -> None:
    for schema in ({"$ref": "http://127.0.0.1:9/schema.json"}, {"$ref": "#"}, {"$ref": "#/$defs/missing"}):
        with pytest.raises(Refused, match="response_format"):
            read_form(ask_for(schema)).find_problem(answer("{}"))
    slow = {"type": "string", "pattern": "^(a+)+$"}
    assert read_form(ask_for(slow)).find_problem(answer(json.dumps("a" * 5000 + "b")))


TWICE = {f"d{place}": {"allOf": [{"$ref": f"#/$defs/d{place + 1}"}] * 2} for place in range(40)}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"$defs": {**TWICE, "d40": {"type": "object"}}, "$ref": "#/$defs/d0"}, {}),
        ({"allOf": [{"items": {"type": "integer", "minimum": place}} for place in range(500)]}, [1000] * 1000),
        ({"items": {"enum": list(range(5000))}}, [-1] * 1000),
    ],
)
def test_no_schema_keeps_everybody_waiting(schema: Any, value: Any) -> None:
    with pytest.raises(Refused, match="too long"):
        read_form(ask_for(schema)).find_problem(answer(json.dumps(value)))


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Until it is opened, schemas are being read."""
    opened = threading.Event()

    def wait(schema: bytes) -> Any:
        assert opened.wait(30)
        return schemas.compile_schema(schema)

    monkeypatch.setattr(forms, "compile_schema", wait)
    yield opened
    opened.set()


def test_while_schemas_are_read_others_are_answered(
    scripted: ScriptedServer, curate: Curate, gate: threading.Event
) -> None:
    scripted.script("form", always={"content": '{"town": "Paris", "people": 2}'})
    model = make_model(make_provider(scripted), "form")
    curate(make_curated(model))

    async def scenario() -> None:
        async def open_and_read() -> None:
            async for _ in await open_stream(make_exchange(model, ask_for(TOWN))):
                pass

        held = [asyncio.create_task(call_async(make_exchange(model, ask_for(TOWN)))) for _ in range(3)]
        held += [asyncio.create_task(open_and_read()) for _ in range(3)]
        await call_async(make_exchange(model, CHAT))
        assert not any(task.done() for task in held)
        gate.set()
        await asyncio.gather(*held)

    run(scenario)


def test_who_has_no_time_left_waits_for_no_schema(
    scripted: ScriptedServer, curate: Curate, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "LEAST_SECONDS", 0.05)
    model = make_model(make_provider(scripted))
    curate(make_curated(model))
    with pytest.raises(TimedOut):
        run(lambda: call_async(replace(make_exchange(model, ask_for(TOWN)), deadline=time.monotonic() + 0.1)))
    assert not scripted.requests()


def test_a_schema_of_any_length_is_none() -> None:
    with pytest.raises(Refused, match="more than"):
        read_form(ask_for({"description": "a" * MOST_BYTES}))


def test_many_rows_are_no_trouble() -> None:
    rows = [{"town": f"Paris {place}", "people": place} for place in range(1, 2001)]
    form = read_form(
        ask_for({"$schema": "http://json-schema.org/draft-07/schema#", "items": TOWN, "uniqueItems": True})
    )
    assert not form.find_problem(answer(json.dumps(rows)))
    assert "different" in form.find_problem(answer(json.dumps([*rows, rows[0]])))
