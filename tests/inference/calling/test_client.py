"""Whole answers: the models of a name in order, tries, deadlines, and what is put down of each call."""

import asyncio
import time
from decimal import Decimal
from typing import Any

import pytest

from apps.inference.breaker import ProviderBreaker
from apps.inference.breaker.board import board
from apps.inference.calling import call_async, open_stream, trying
from apps.inference.curated import CuratedModel
from apps.inference.errors import (
    BadAnswer,
    BreakerOpen,
    BudgetSpent,
    ConnectionFailed,
    CutOff,
    InferenceError,
    InputTooLong,
    LostAnswer,
    Misconfigured,
    NotSupported,
    RateLimited,
    Refused,
    TimedOut,
    UnknownModel,
)
from apps.inference.exchange import Operation, Prices, Usage
from apps.inference.tokens import count_prompt
from tests.inference.calling.conftest import Curate
from tests.inference.serving import CHAT, Purse, Recorded, make_curated, make_exchange, make_model, make_provider, run
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration
FREE = Prices()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "FIRST_WAIT", 0.001)


def outcomes(reply_or_error: Any) -> list[tuple[str, str]]:
    return [(attempt.model, attempt.outcome) for attempt in reply_or_error.attempts]


def test_an_answer_with_its_cost_and_its_record(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded], purse: Purse
) -> None:
    model = make_model(make_provider(scripted))
    curate(make_curated(model))
    reply = run(lambda: call_async(make_exchange(model)))
    assert reply.body["choices"][0]["message"]["content"].startswith("q")
    assert reply.body["model"] == model.name
    assert (reply.model, reply.provider, reply.tier) == (model.name, model.provider.name, "large")
    assert reply.usage == Usage(8, 16)
    assert reply.cost == (8 * Decimal("0.5") + 16 * Decimal("1.5")) / 1_000_000
    assert purse.settled == [(reply.cost, 24)]
    assert [(one.outcome, one.reply, one.streamed) for one in recorded] == [("ok", reply, False)]


def test_what_fails_is_tried_three_times_and_then_the_next_model(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded]
) -> None:
    provider = make_provider(scripted)
    broken, well = make_model(provider, "scripted-broken"), make_model(provider)
    curate(make_curated(broken, well, aliases={"both": [broken, well]}))
    reply = run(lambda: call_async(make_exchange("both")))
    assert outcomes(reply) == [(broken.name, "inference")] * 3 + [(well.name, "ok")]
    assert [one.outcome for one in recorded] == ["ok"]


@pytest.mark.parametrize(
    ("step", "kind", "tries", "in_message"),
    [
        ({"status": 400}, Refused, 1, "refused"),
        ({"status": 422}, Refused, 1, "refused"),
        ({"status": 401}, Misconfigured, 1, "not set up"),
        ({"status": 403}, Misconfigured, 1, "not set up"),
        ({"status": 404}, Misconfigured, 1, "not set up"),
        ({"status": 302}, Misconfigured, 1, "not set up"),
        ({"status": 429}, RateLimited, 3, "no more requests"),
        ({"status": 500}, BadAnswer, 3, "no answer"),
        ({"status": 502, "raw": "<h1>Bad gateway</h1>"}, BadAnswer, 3, "no answer"),
        ({"raw": "<h1>Sign in</h1>"}, LostAnswer, 3, "no answer"),
        ({"wrong_json": True}, LostAnswer, 3, "no answer"),
        ({"cut_after": 0}, CutOff, 3, "no answer"),
        ({"reset": True}, ConnectionFailed, 3, "can't be reached"),
    ],
)
def test_errors_say_what_happened_and_nothing_of_the_provider(
    step: dict[str, Any],
    kind: type[InferenceError],
    tries: int,
    in_message: str,
    scripted: ScriptedServer,
    curate: Curate,
    recorded: list[Recorded],
) -> None:
    scripted.script("odd", always=step)
    model = make_model(make_provider(scripted), "odd")
    curate(make_curated(model))
    with pytest.raises(kind) as caught:
        run(lambda: call_async(make_exchange(model)))
    assert type(caught.value) is kind
    assert scripted.count("odd")["requests"] == tries
    assert in_message in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("127.0.0.1", scripted.key, model.provider.name))
    assert caught.value.detail
    assert [attempt.outcome for attempt in caught.value.attempts] == [kind.code] * tries
    assert [(one.error, one.outcome) for one in recorded] == [(caught.value, kind.code)]


def test_nobody_there(curate: Curate, recorded: list[Recorded], purse: Purse) -> None:
    model = make_model(make_provider())
    curate(make_curated(model))
    with pytest.raises(ConnectionFailed):
        run(lambda: call_async(make_exchange(model)))
    assert purse.settled == [(0, 0)] * 3
    assert len(recorded) == 1


def test_a_refusal_asks_no_other_model(scripted: ScriptedServer, curate: Curate) -> None:
    provider = make_provider(scripted)
    scripted.script("strict", always={"status": 400})
    strict, other = make_model(provider, "strict"), make_model(provider)
    curate(make_curated(strict, other, aliases={"both": [strict, other]}))
    with pytest.raises(Refused):
        run(lambda: call_async(make_exchange("both")))
    assert not scripted.count("scripted-chat")


def test_retry_after_is_heeded(scripted: ScriptedServer, curate: Curate) -> None:
    scripted.script("busy", {"status": 429, "retry_after": 0.3}, {"ok": True})
    model = make_model(make_provider(scripted), "busy")
    curate(make_curated(model))
    reply = run(lambda: call_async(make_exchange(model)))
    assert outcomes(reply) == [(model.name, "rate_limit"), (model.name, "ok")]
    first, second = (one["seconds"] for one in scripted.requests())
    assert second - first >= 0.3


def test_who_is_told_to_wait_past_the_deadline_is_told_so(scripted: ScriptedServer, curate: Curate) -> None:
    scripted.script("busy", always={"status": 429, "retry_after": 60})
    model = make_model(make_provider(scripted), "busy")
    curate(make_curated(model))
    with pytest.raises(RateLimited) as caught:
        run(lambda: call_async(make_exchange(model, seconds=50)))
    assert caught.value.retry_after == 60
    assert scripted.count("busy")["requests"] == 1


def test_the_deadline_ends_all_models_together(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded]
) -> None:
    provider = make_provider(scripted)
    silent, other = make_model(provider, "scripted-hang"), make_model(provider)
    curate(make_curated(silent, other, aliases={"both": [silent, other]}))
    started = time.monotonic()
    with pytest.raises(TimedOut):
        run(lambda: call_async(make_exchange("both", seconds=0.4)))
    assert 0.35 < time.monotonic() - started < 30
    assert not scripted.count("scripted-chat")
    assert [one.outcome for one in recorded] == ["timeout"]


def test_a_provider_that_is_slow_for_its_own_limit_is_left_for_the_next(
    scripted: ScriptedServer, curate: Curate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "TRIES", 1)
    in_a_hurry = make_provider(scripted, timeout=3.0)  # and yet long enough for the question to come to the server
    slow, well = make_model(in_a_hurry, "scripted-hang"), make_model(make_provider(scripted))
    curate(make_curated(slow, well, aliases={"both": [slow, well]}))
    reply = run(lambda: call_async(make_exchange("both")))
    assert outcomes(reply) == [(slow.name, "timeout"), (well.name, "ok")]
    assert reply.usage.estimated  # what the silent one may have read
    scripted.wait_until_idle()
    assert scripted.count("scripted-hang")["outcomes"] == {"left": 1}


def test_a_deadline_that_has_passed_asks_nobody(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_model(make_provider(scripted))
    curate(make_curated(model))
    with pytest.raises(TimedOut):
        run(lambda: call_async(make_exchange(model, seconds=-1)))
    assert not scripted.requests()


def test_a_deadline_that_passes_while_the_budgets_are_asked_asks_nobody(
    scripted: ScriptedServer, curate: Curate, purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    granting = trying.reserve

    async def reserve(*given: Any, **asked: Any) -> Any:
        await asyncio.sleep(0.2)
        return await granting(*given, **asked)

    monkeypatch.setattr(trying, "reserve", reserve)
    model = make_model(make_provider(scripted))
    curate(make_curated(model))
    with pytest.raises(TimedOut):
        run(lambda: call_async(make_exchange(model, seconds=0.1)))
    assert not scripted.requests()
    assert (purse.open, purse.spent) == (0, (0, 0))


def test_a_cancelled_call_ends_at_the_provider_and_is_settled_and_put_down(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded], purse: Purse
) -> None:
    model = make_model(make_provider(scripted), "scripted-hang")
    curate(make_curated(model))

    async def leave() -> None:
        task = asyncio.create_task(call_async(make_exchange(model)))
        while not scripted.counts()["open"]:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(scripted.wait_until_idle)

    run(leave)
    assert scripted.count("scripted-hang")["outcomes"] == {"left": 1}
    assert purse.open == 0
    assert [(one.outcome, one.reply.attempts[0].outcome) for one in recorded] == [("cancelled", "cancelled")]


CANNOT: list[tuple[dict[str, Any], dict[str, Any], type[InferenceError]]] = [
    ({"can_use_tools": False}, {"tools": [{"type": "function", "function": {"name": "f"}}]}, NotSupported),
    ({"can_keep_schema": False}, {"response_format": {"type": "json_object"}}, NotSupported),
    ({"context_tokens": 3}, {}, InputTooLong),
    ({"operation": Operation.COMPLETION}, {}, NotSupported),
]


@pytest.mark.parametrize(("able", "more", "kind"), CANNOT)
def test_models_that_cannot_are_passed_over(
    able: dict[str, Any], more: dict[str, Any], kind: type[InferenceError], scripted: ScriptedServer, curate: Curate
) -> None:
    provider = make_provider(scripted)
    unable, well = make_model(provider, **able), make_model(provider)
    body = {"messages": [{"role": "user", "content": "How are you?"}], **more}
    curate(make_curated(unable, well, aliases={"both": [unable, well], "one": [unable]}))
    reply = run(lambda: call_async(make_exchange("both", body)))
    assert outcomes(reply) == [(unable.name, kind.code), (well.name, "ok")]
    with pytest.raises(kind):
        run(lambda: call_async(make_exchange("one", body)))


def test_a_name_of_nothing(curate: Curate, recorded: list[Recorded]) -> None:
    curate(make_curated())
    with pytest.raises(UnknownModel):
        run(lambda: call_async(make_exchange("nothing")))
    assert [one.outcome for one in recorded] == ["model_not_found"]


def test_a_provider_that_keeps_failing_is_left_alone(scripted: ScriptedServer, curate: Curate) -> None:
    broken = make_model(make_provider(scripted), "scripted-broken")
    well = make_model(make_provider(scripted))
    curate(make_curated(broken, well, aliases={"both": [broken, well]}))

    async def ask_thrice() -> list[list[tuple[str, str]]]:
        return [outcomes(await call_async(make_exchange("both"))) for _ in range(3)]

    *_, last = run(ask_thrice)
    assert last == [(broken.name, BreakerOpen.code), (well.name, "ok")]
    assert scripted.count("scripted-broken")["requests"] == 5


def test_a_spent_budget_leaves_the_free_model(scripted: ScriptedServer, curate: Curate, purse: Purse) -> None:
    provider = make_provider(scripted)
    dear, free = make_model(provider), make_model(provider, prices=FREE)
    purse.dollars = Decimal(0)
    curate(make_curated(dear, free, aliases={"both": [dear, free]}))
    reply = run(lambda: call_async(make_exchange("both")))
    assert outcomes(reply) == [(dear.name, BudgetSpent.code), (free.name, "ok")]
    with pytest.raises(BudgetSpent):
        run(lambda: call_async(make_exchange(dear)))


def test_an_answer_is_no_longer_than_the_budget_allows(scripted: ScriptedServer, curate: Curate, purse: Purse) -> None:
    model = make_model(make_provider(scripted))
    purse.dollars = (8 * Decimal("0.5") + 5 * Decimal("1.5")) / 1_000_000
    curate(make_curated(model))
    reply = run(lambda: call_async(make_exchange(model)))
    assert reply.body["choices"][0]["finish_reason"] == "length"
    assert reply.cost <= purse.dollars


def test_whichever_limit_a_server_looks_at_is_what_the_budget_allows(
    scripted: ScriptedServer, curate: Curate, purse: Purse
) -> None:
    model = make_model(make_provider(scripted))
    purse.tokens = count_prompt(Operation.CHAT, CHAT) + 4 * 3
    curate(make_curated(model))
    body = {**CHAT, "max_completion_tokens": 1, "max_tokens": 10**15, "n": 4}
    run(lambda: call_async(make_exchange(model, body)))
    [sent] = scripted.requests()
    assert (sent["body"]["max_completion_tokens"], sent["body"]["max_tokens"]) == (3, 3)


def test_a_lost_answer_costs_no_more_than_was_granted(
    scripted: ScriptedServer, curate: Curate, purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "TRIES", 1)
    scripted.script("lost", always={"wrong_json": True})
    model = make_model(make_provider(scripted), "lost")
    purse.tokens = 50
    curate(make_curated(model))
    with pytest.raises(LostAnswer):
        run(lambda: call_async(make_exchange(model)))
    assert purse.spent[1] == 50


@pytest.mark.parametrize("ask", [call_async, open_stream])
def test_a_budget_that_pays_for_nothing_says_nothing_of_the_provider(
    ask: Any, scripted: ScriptedServer, curate: Curate, purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    class Watched(ProviderBreaker):
        async def _step(self, step: str) -> Any:
            told.append(step)

        async def admit(self) -> None:
            self._trial = 1

    monkeypatch.setattr(trying, "breaker_of", lambda provider: Watched(board, provider))
    model = make_model(make_provider(scripted))
    purse.tokens = 3
    curate(make_curated(model))
    with pytest.raises(BudgetSpent):
        run(lambda: ask(make_exchange(model)))
    assert (told, purse.open) == (["release"], 0)
    assert not scripted.requests()


def test_the_budget_is_asked_before_each_try(scripted: ScriptedServer, curate: Curate, purse: Purse) -> None:
    """What the first, lost answer may have cost is all there was."""
    scripted.script("lost", {"wrong_json": True}, {"ok": True})
    model = make_model(make_provider(scripted), "lost")
    purse.tokens = 100
    curate(make_curated(model))
    with pytest.raises(BudgetSpent):
        run(lambda: call_async(make_exchange(model)))
    assert scripted.count("lost")["requests"] == 1


def test_tokens_are_counted_where_the_server_does_not(scripted: ScriptedServer, curate: Curate) -> None:
    scripted.script("mute", always={"no_usage": True, "content": "word " * 100})
    model = make_model(make_provider(scripted), "mute")
    curate(make_curated(model))
    usage = run(lambda: call_async(make_exchange(model))).usage
    assert usage.estimated
    assert usage.prompt > 0
    assert 100 <= usage.completion <= 150


def test_calls_of_tools_come_as_they_are(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_model(make_provider(scripted))
    curate(make_curated(model))
    tool = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
    reply = run(lambda: call_async(make_exchange(model, {**make_exchange(model).body, "tools": [tool]})))
    assert reply.body["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "look_up"
    assert scripted.requests()[0]["body"]["tools"] == [tool]


def test_two_loops_and_a_changed_provider_have_connections_of_their_own(
    scripted: ScriptedServer, curate: Curate
) -> None:
    model = make_model(make_provider(scripted))
    changed = make_model(make_provider(scripted, id=model.provider.id, name=model.provider.name), name=model.name)

    async def ask(*models: CuratedModel) -> int:
        for one in models:
            curate(make_curated(one))
            await call_async(make_exchange(one))
        return len(models)

    assert run(lambda: ask(model)) == 1
    assert run(lambda: ask(model, changed)) == 2
