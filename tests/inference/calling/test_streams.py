"""Answers in parts: what comes first decides the model, what breaks off after it is told, and all of it is counted."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import Any

import pytest

from apps.inference.calling import Stream, client, forms, open_stream, streams, trying
from apps.inference.calling.streams import ReplayedStream
from apps.inference.curated import CuratedModel
from apps.inference.errors import (
    BadAnswer,
    BudgetSpent,
    CutOff,
    InferenceError,
    LostAnswer,
    NotSupported,
    Refused,
    TimedOut,
    WrongForm,
)
from apps.inference.exchange import Body, Exchange, Operation, Reply, Usage
from tests.inference.calling.conftest import Curate
from tests.inference.serving import CHAT, Purse, Recorded, make_curated, make_exchange, make_model, make_provider, run
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration
Parts = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "FIRST_WAIT", 0.001)


async def read(exchange: Exchange) -> tuple[Parts, Stream]:
    stream = await open_stream(exchange)
    return [part async for part in stream], stream


async def read_until_it_breaks(exchange: Exchange, kind: type[InferenceError]) -> tuple[Parts, Stream, InferenceError]:
    stream = await open_stream(exchange)
    parts: Parts = []
    try:
        async for part in stream:
            parts.append(part)
    except kind as error:
        assert [part async for part in stream] == []
        return parts, stream, error
    raise AssertionError("it came to its end")


def text_of(parts: Parts) -> str:
    return "".join(choice["delta"].get("content") or "" for part in parts for choice in part["choices"])


def test_parts_then_the_whole_with_its_cost(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded], purse: Purse
) -> None:
    model = make_model(make_provider(scripted))
    curate(make_curated(model))
    parts, stream = run(lambda: read(make_exchange(model)))
    assert (stream.model, stream.provider, stream.tier) == (model.name, model.provider.name, "large")
    assert {part["model"] for part in parts} == {model.name}
    assert not any("usage" in part for part in parts)
    reply = stream.reply()
    message = reply.body["choices"][0]["message"]
    assert message == {"role": "assistant", "content": text_of(parts)}
    assert reply.body["object"] == "chat.completion"
    assert reply.body["choices"][0]["finish_reason"] == "stop"
    assert reply.usage == Usage(8, 16)
    assert purse.settled == [(reply.cost, 24)]
    [call] = recorded
    assert (call.outcome, call.reply, call.streamed) == ("ok", reply, True)
    assert call.first_ms is not None
    assert call.first_ms <= call.ms


def test_usage_comes_last_for_who_asks(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_model(make_provider(scripted))
    curate(make_curated(model))
    body = {**CHAT, "stream_options": {"include_usage": True}}
    parts, _ = run(lambda: read(make_exchange(model, body)))
    assert parts[-1]["choices"] == []
    assert parts[-1]["usage"]["total_tokens"] == 24


def test_usage_is_told_in_the_servers_words_and_counted_here_where_it_has_none(
    scripted: ScriptedServer, curate: Curate
) -> None:
    scripted.script("silent", {"ok": True}, {"no_usage": True})
    model = make_model(make_provider(scripted), "silent")
    curate(make_curated(model))
    body = {**CHAT, "stream_options": {"include_usage": True}}
    told, _ = run(lambda: read(make_exchange(model, body)))
    counted, stream = run(lambda: read(make_exchange(model, body)))
    assert told[-1]["usage"]["completion_tokens_details"] == {"reasoning_tokens": 0, "audio_tokens": 0}
    assert counted[-1]["usage"]["completion_tokens"] == stream.reply().usage.completion > 0
    assert {part["id"] for part in counted} == {counted[-1]["id"]}


def test_what_a_stream_cost_is_known_with_its_usage(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_model(make_provider(scripted))
    curate(make_curated(model))

    async def read_cost() -> Decimal:
        stream = await open_stream(make_exchange(model, {**CHAT, "stream_options": {"include_usage": True}}))
        async for part in stream:
            if part.get("usage"):
                return stream.reply().cost
        raise AssertionError("no usage was told")

    assert run(read_cost) == model.prices.cost(Usage(8, 16))


def test_calls_of_tools_are_put_together(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_model(make_provider(scripted))
    curate(make_curated(model))
    parameters = {"type": "object", "properties": {"town": {"const": "Paris"}}}
    tool = {"type": "function", "function": {"name": "look_up", "parameters": parameters}}
    parts, stream = run(lambda: read(make_exchange(model, {**CHAT, "tools": [tool]})))
    assert len(parts) > 3
    [call] = stream.reply().body["choices"][0]["message"]["tool_calls"]
    assert call["function"] == {"name": "look_up", "arguments": '{"town": "Paris"}'}
    assert call["id"].startswith("call")


def test_completions_stream_too(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_model(make_provider(scripted), operation=Operation.COMPLETION)
    curate(make_curated(model))
    parts, stream = run(lambda: read(make_exchange(model, {"prompt": ["One", "Two"]})))
    choices = stream.reply().body["choices"]
    assert len(choices) == 2
    written = ["".join(c["text"] for part in parts for c in part["choices"] if c["index"] == place) for place in (0, 1)]
    assert [choice["text"] for choice in choices] == written


def test_what_fails_before_the_first_part_is_tried_again(scripted: ScriptedServer, curate: Curate) -> None:
    scripted.script("odd", {"status": 500}, {"reset": True}, {"ok": True})
    model = make_model(make_provider(scripted), "odd")
    curate(make_curated(model))
    parts, stream = run(lambda: read(make_exchange(model)))
    assert text_of(parts)
    assert [attempt.outcome for attempt in stream.reply().attempts] == ["inference", "connection", "ok"]


def test_a_model_that_does_not_begin_is_left_for_the_next(scripted: ScriptedServer, curate: Curate) -> None:
    broken, well = make_model(make_provider(scripted), "scripted-broken"), make_model(make_provider(scripted))
    curate(make_curated(broken, well, aliases={"both": [broken, well]}))
    _, stream = run(lambda: read(make_exchange("both")))
    assert stream.model == well.name


def test_models_that_cannot_stream_are_passed_over(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_model(make_provider(scripted), can_stream=False)
    curate(make_curated(model))
    with pytest.raises(NotSupported):
        run(lambda: open_stream(make_exchange(model)))


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ({"cut_after": 3}, CutOff),
        ({"error_after": 3}, BadAnswer),
        ({"wrong_json": True}, LostAnswer),
    ],
)
def test_what_breaks_off_is_told_counted_and_never_asked_again(
    step: dict[str, Any],
    kind: type[InferenceError],
    scripted: ScriptedServer,
    curate: Curate,
    recorded: list[Recorded],
    purse: Purse,
) -> None:
    scripted.script("odd", step)
    model, other = make_model(make_provider(scripted), "odd"), make_model(make_provider(scripted))
    curate(make_curated(model, other, aliases={"both": [model, other]}))
    parts, stream, error = run(lambda: read_until_it_breaks(make_exchange("both"), kind))
    assert parts
    assert scripted.count("odd")["requests"] == 1
    assert not scripted.count("scripted-chat")
    usage = stream.reply().usage
    assert usage.estimated
    assert usage.completion >= 1
    assert purse.open == 0
    assert len(purse.settled) == 1
    assert [(one.error, one.reply.usage) for one in recorded] == [(error, usage)]


def test_the_deadline_ends_a_stream(scripted: ScriptedServer, curate: Curate) -> None:
    scripted.script("trickle", {"tokens": 200, "chunk_delay": 0.1})
    model = make_model(make_provider(scripted), "trickle")
    curate(make_curated(model))
    parts, _, _ = run(lambda: read_until_it_breaks(make_exchange(model, seconds=3), TimedOut))
    assert 0 < len(parts) < 40
    scripted.wait_until_idle()
    assert scripted.count("trickle")["streams_left"] == 1


def test_a_silence_of_a_stream_ends_it(scripted: ScriptedServer, curate: Curate) -> None:
    scripted.script("trickle", {"chunk_delay": 20})
    model = make_model(make_provider(scripted, timeout=3.0), "trickle")
    curate(make_curated(model))
    parts, _, _ = run(lambda: read_until_it_breaks(make_exchange(model), TimedOut))
    assert len(parts) == 1
    scripted.wait_until_idle()
    assert scripted.count("trickle")["streams_left"] == 1


def test_a_budget_spent_in_its_midst_ends_it(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded], purse: Purse
) -> None:
    scripted.script("long", {"tokens": 2000, "chunk_delay": 0.02})
    model = make_model(make_provider(scripted), "long")
    purse.dollars = Decimal("0.00003")
    curate(make_curated(model))
    parts, stream, _ = run(lambda: read_until_it_breaks(make_exchange(model), BudgetSpent))
    assert parts
    assert stream.reply().cost < Decimal("0.00004")
    assert purse.open == 0
    assert [one.outcome for one in recorded] == ["budget_spent"]
    scripted.wait_until_idle()
    assert scripted.count("long")["streams_left"] == 1


def test_what_fails_on_our_side_is_paid_back(
    scripted: ScriptedServer, curate: Curate, purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(provider: Any) -> Any:
        raise ImportError("no library")

    monkeypatch.setattr(streams, "adapter_of", fail)
    model = make_model(make_provider(scripted))
    curate(make_curated(model))
    with pytest.raises(ImportError):
        run(lambda: open_stream(make_exchange(model)))
    assert purse.open == 0


def test_a_budget_that_pays_for_no_answer_begins_none(scripted: ScriptedServer, curate: Curate, purse: Purse) -> None:
    model = make_model(make_provider(scripted))
    purse.tokens = 3
    curate(make_curated(model))
    with pytest.raises(BudgetSpent, match="Ask for less"):
        run(lambda: open_stream(make_exchange(model)))
    assert not scripted.requests()
    assert purse.open == 0


def test_to_close_a_stream_ends_it_at_the_provider_and_counts_what_came(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded], purse: Purse
) -> None:
    scripted.script("long", {"tokens": 2000, "chunk_delay": 0.02})
    model = make_model(make_provider(scripted), "long")
    curate(make_curated(model))

    async def leave() -> Reply:
        stream = await open_stream(make_exchange(model))
        for _ in range(5):
            await anext(stream)
        await stream.aclose()
        await stream.aclose()
        await asyncio.to_thread(scripted.wait_until_idle)
        return stream.reply()

    reply = run(leave)
    assert scripted.count("long")["streams_left"] == 1
    assert reply.usage.completion >= 4
    assert (purse.open, len(purse.settled)) == (0, 1)
    assert [one.outcome for one in recorded] == ["cancelled"]


def test_a_reader_that_is_cancelled_closes_its_stream(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded], purse: Purse
) -> None:
    scripted.script("slow", {"chunk_delay": 30})
    model = make_model(make_provider(scripted, timeout=60.0), "slow")
    curate(make_curated(model))

    async def leave() -> None:
        has_begun = asyncio.Event()

        async def read_on() -> None:
            stream = await open_stream(make_exchange(model))
            async for _ in stream:
                has_begun.set()

        task = asyncio.create_task(read_on())
        async with asyncio.timeout(60):
            await has_begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(scripted.wait_until_idle)

    run(leave)
    assert (purse.open, [one.outcome for one in recorded]) == (0, ["cancelled"])


class Stuck:
    """An adapter whose connection can't be closed."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()

    async def stream(self, model: CuratedModel, body: Body, *, timeout: float) -> AsyncGenerator[dict[str, Any], None]:
        try:
            while True:
                yield {"id": "x", "choices": [{"index": 0, "delta": {"content": "word"}}]}
                await asyncio.sleep(0)
        finally:
            self.closing.set()
            await asyncio.Event().wait()


def test_who_is_cancelled_twice_has_settled_and_recorded(
    curate: Curate, recorded: list[Recorded], purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(make_provider())
    curate(make_curated(model))

    async def leave_twice() -> None:
        adapter = Stuck()
        monkeypatch.setattr(streams, "adapter_of", lambda provider: adapter)
        stream = await open_stream(make_exchange(model))
        await anext(stream)
        closing = asyncio.create_task(stream.aclose())
        await adapter.closing.wait()
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert stream.reply().usage.completion == 1

    run(leave_twice)
    assert (purse.open, len(purse.settled)) == (0, 1)
    assert [one.outcome for one in recorded] == ["cancelled"]


class TestJson:
    """Of a stream the form is looked at when it is over: what is wrong is told, and nothing put right."""

    BODY = {
        **CHAT,
        "stream_options": {"include_usage": True},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "town", "schema": {"type": "object", "required": ["town"]}},
        },
    }

    def test_what_keeps_to_the_schema_ends_well(
        self, scripted: ScriptedServer, curate: Curate, recorded: list[Recorded]
    ) -> None:
        scripted.script("form", {"content": '{"town": "Paris"}'})
        model = make_model(make_provider(scripted), "form")
        curate(make_curated(model))
        parts, _ = run(lambda: read(make_exchange(model, self.BODY)))
        assert parts[-1]["usage"]
        assert json.loads(text_of(parts)) == {"town": "Paris"}
        assert [one.outcome for one in recorded] == ["ok"]

    def test_who_leaves_while_it_is_looked_at_has_paid_for_it(
        self,
        scripted: ScriptedServer,
        curate: Curate,
        recorded: list[Recorded],
        purse: Purse,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        began, gate = threading.Event(), threading.Event()

        def wait(*asked: Any) -> None:
            began.set()
            assert gate.wait(30)

        monkeypatch.setattr(forms, "find_error", wait)
        scripted.script("form", {"content": '{"town": "Paris"}'})
        model = make_model(make_provider(scripted), "form")
        curate(make_curated(model))

        async def scenario() -> None:
            reading = asyncio.create_task(read(make_exchange(model, self.BODY)))
            assert await asyncio.to_thread(began.wait, 30)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            gate.set()

        run(scenario)
        assert [one.outcome for one in recorded] == ["cancelled"]
        assert [tokens for _, tokens in purse.settled] == [recorded[0].reply.usage.total]
        counts = scripted.count("form")
        assert recorded[0].reply.usage == Usage(counts["prompt_tokens"], counts["completion_tokens"])

    @pytest.mark.parametrize(
        ("step", "problem"),
        [({"content": '{"city": "Paris"}'}, "town"), ({"content": "Paris"}, "no JSON"), ({"tokens": 0}, "no JSON")],
    )
    def test_what_does_not_ends_with_an_error_and_is_paid_for(
        self,
        step: dict[str, Any],
        problem: str,
        scripted: ScriptedServer,
        curate: Curate,
        recorded: list[Recorded],
        purse: Purse,
    ) -> None:
        scripted.script("form", {"content": "", **step})
        model = make_model(make_provider(scripted), "form")
        curate(make_curated(model))
        parts, stream, error = run(lambda: read_until_it_breaks(make_exchange(model, self.BODY), WrongForm))
        assert not any(part.get("usage") for part in parts)
        assert problem in str(error)
        counts = scripted.count("form")
        assert counts["requests"] == 1
        assert stream.reply().usage == Usage(counts["prompt_tokens"], counts["completion_tokens"])
        assert purse.settled == [(stream.reply().cost, stream.reply().usage.total)]
        assert [(one.outcome, one.reply.attempts[-1].outcome) for one in recorded] == [("wrong_form", "ok")]

    def test_a_schema_that_is_none_is_refused_before_anybody_is_asked(
        self, scripted: ScriptedServer, curate: Curate
    ) -> None:
        model = make_model(make_provider(scripted))
        curate(make_curated(model))
        wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "nothing"}}}
        with pytest.raises(Refused, match="response_format"):
            run(lambda: open_stream(make_exchange(model, {**CHAT, "response_format": wanted})))
        assert not scripted.requests()


def test_a_server_that_cannot_tell_usage_is_asked_without(scripted: ScriptedServer, curate: Curate) -> None:
    refusal = {"error": {"message": "unknown field stream_options", "type": "invalid_request_error", "param": None}}
    scripted.script("old", {"status": 400, "raw": json.dumps(refusal)}, always={"ok": True})
    model = make_model(make_provider(scripted), "old")
    curate(make_curated(model))

    async def twice() -> list[bool]:
        return [(await read(make_exchange(model)))[1].reply().usage.estimated for _ in range(2)]

    assert run(twice) == [True, True]
    asked = ["stream_options" in one["body"] for one in scripted.requests()]
    assert asked == [True, False, False]


@pytest.mark.parametrize("tells", [False, True])
def test_an_earlier_answer_comes_in_parts_again(
    tells: bool, scripted: ScriptedServer, curate: Curate, recorded: list[Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(make_provider(scripted))
    curate(make_curated(model))
    _, earlier = run(lambda: read(make_exchange(model)))
    kept = earlier.reply()

    async def find_cached(exchange: Exchange) -> Reply:
        return kept

    monkeypatch.setattr(client, "find_cached", find_cached)
    body = {**CHAT, "stream_options": {"include_usage": True}} if tells else CHAT
    parts, stream = run(lambda: read(make_exchange(model, body)))
    assert isinstance(stream, ReplayedStream)
    assert text_of(parts) == kept.body["choices"][0]["message"]["content"]
    assert {part["object"] for part in parts} == {"chat.completion.chunk"}
    assert [part["usage"]["total_tokens"] for part in parts if "usage" in part] == [24] * tells
    assert len(scripted.requests()) == 1
    assert [one.reply for one in recorded] == [kept, kept]
