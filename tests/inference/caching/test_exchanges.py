"""Answers of models given again, by what their alias says: through the one client, on the scripted server."""

import asyncio
from typing import Any

import pytest

from apps.inference.caching import exchanges, flights, limits, response
from apps.inference.caching.kinds import CacheKind
from apps.inference.caching.response import response_cache
from apps.inference.calling import call_async, open_stream
from apps.inference.exchange import Reply
from apps.inference.models import CacheLevel
from tests.inference.caching.asking import ask, ask_in_turn, count_requests
from tests.inference.caching.conftest import Offer
from tests.inference.serving import CHAT, run
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration


def test_the_same_question_of_the_same_owner_is_answered_again(offer: Offer, scripted: ScriptedServer) -> None:
    first, again, other = ask_in_turn(ask(), ask(), ask(user=2))
    assert (first.cache, again.cache, other.cache) == ("", "exact", "")
    assert again.body == first.body
    assert (again.cost, again.attempts, again.usage) == (0, (), first.usage)
    assert count_requests(scripted) == 2


def test_what_is_public_answers_everybody(offer: Offer, scripted: ScriptedServer) -> None:
    offer(public=True)
    assert [reply.cache for reply in ask_in_turn(ask(), ask(user=2))] == ["", "exact"]
    offer(public=False)
    assert [reply.cache for reply in ask_in_turn(ask(), ask(user=2))] == ["", ""]


@pytest.mark.parametrize(
    "body",
    [
        {**CHAT, "temperature": 0.5},
        {**CHAT, "n": 2},
        {**CHAT, "tools": [{"type": "function", "function": {"name": "add", "parameters": {}}}]},
    ],
)
def test_who_wants_another_answer_gets_one(offer: Offer, body: dict[str, Any]) -> None:
    assert [reply.cache for reply in ask_in_turn(ask(body), ask(body))] == ["", ""]


@pytest.mark.parametrize("body", [{**CHAT, "temperature": 0}, {**CHAT, "temperature": 0.5, "seed": 7}])
def test_who_wants_the_same_gets_it(offer: Offer, body: dict[str, Any]) -> None:
    assert [reply.cache for reply in ask_in_turn(ask(body), ask(body))] == ["", "exact"]


def test_an_alias_that_keeps_nothing(offer: Offer) -> None:
    offer(CacheLevel.OFF)
    assert [reply.cache for reply in ask_in_turn(ask(), ask())] == ["", ""]


def test_an_alias_keeps_for_as_long_as_it_says(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than its type in Valkey too, and shorter from the next look-up on."""
    now = [1_790_000_000.0]
    cache = response_cache(CacheKind.INFERENCE)
    monkeypatch.setattr(cache, "_clock", lambda: now[0])
    offer(cache_seconds=9000)
    ask_in_turn(ask())
    cache.flush()
    now[0] += 8000
    assert [reply.cache for reply in ask_in_turn(ask())] == ["exact"]
    elsewhere = response.ResponseCache(CacheKind.INFERENCE, clock=lambda: now[0])
    with monkeypatch.context() as other:
        other.setattr(exchanges, "response_cache", lambda kind: elsewhere)
        assert [reply.cache for reply in ask_in_turn(ask())] == ["exact"]
    offer(cache_seconds=60)
    assert [reply.cache for reply in ask_in_turn(ask())] == [""]


def test_an_aliass_look_ups_are_sampled_apart(offer: Offer) -> None:
    asked = [ask({"messages": [{"role": "user", "content": f"number {number}"}]}) for number in range(60)]
    ask_in_turn(*asked)
    tally = response_cache(CacheKind.INFERENCE).tally
    assert 0 < len(tally.read_uses("alias:1")) < 60
    assert tally.read_uses("alias:1") == tally.read_uses()
    assert tally.read_uses("alias:2") == []


def test_an_edit_of_the_model_never_serves_an_earlier_answer(offer: Offer) -> None:
    ask_in_turn(ask())
    offer(max_output_tokens=512)
    [reply] = ask_in_turn(ask())
    assert reply.cache == ""


def test_a_new_answer_takes_the_earlier_ones_place(offer: Offer, scripted: ScriptedServer) -> None:
    replies = ask_in_turn(ask(), ask(fresh=True), ask())
    assert [reply.cache for reply in replies] == ["", "", "exact"]
    assert replies[2].body["id"] == replies[1].body["id"]
    assert count_requests(scripted) == 2


def test_clearing_by_alias_and_model(offer: Offer) -> None:
    for tag in ("alias:cheap", "model:small"):
        ask_in_turn(ask())
        response_cache(CacheKind.INFERENCE).flush()
        response_cache(CacheKind.INFERENCE).clear(tag=tag)
        [reply] = ask_in_turn(ask())
        assert reply.cache == ""


def test_many_at_once_are_one_upstream_call(offer: Offer, scripted: ScriptedServer) -> None:
    async def scenario() -> list[Reply]:
        return await asyncio.gather(*(call_async(ask()) for _ in range(20)))

    replies = run(scenario)
    assert sorted(reply.cache for reply in replies) == [""] + ["exact"] * 19
    assert count_requests(scripted) == 1


def test_another_process_waits_for_the_one_that_asks(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process has flights and a process tier of its own."""

    async def scenario() -> None:
        first = ask()
        assert await exchanges.find_cached(first) is None
        monkeypatch.setattr(exchanges, "flights", flights.Flights(exchanges.FLIGHT_SECONDS))
        here = response_cache(CacheKind.INFERENCE)
        elsewhere = response.ResponseCache(CacheKind.INFERENCE)
        monkeypatch.setattr(exchanges, "response_cache", lambda kind: elsewhere)
        waiting = asyncio.create_task(exchanges.find_cached(ask()))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        monkeypatch.setattr(exchanges, "response_cache", lambda kind: here)
        body = {"choices": [{"message": {"content": "Well."}, "finish_reason": "stop"}]}
        exchanges.keep(first, Reply(body, "small", "p", "large"))
        here.flush()
        found = await waiting
        assert found is not None
        assert found.body == body

    run(scenario)


def test_who_waits_goes_on_when_nothing_comes(offer: Offer) -> None:
    async def scenario() -> None:
        first = ask()
        assert await exchanges.find_cached(first) is None
        waiting = asyncio.create_task(exchanges.find_cached(ask()))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        exchanges.let_go(first)
        assert await waiting is None

    run(scenario)


def test_a_stream_is_kept_when_it_ended_and_given_in_parts(offer: Offer, scripted: ScriptedServer) -> None:
    async def scenario() -> None:
        first = await open_stream(ask())
        text = await read(first)
        again = await open_stream(ask())
        assert again.cache == "exact"
        assert await read(again) == text
        assert (await call_async(ask())).cache == "exact"

    run(scenario)
    assert count_requests(scripted) == 1


def test_a_stream_that_was_left_is_not_kept(offer: Offer) -> None:
    async def scenario() -> None:
        stream = await open_stream(ask())
        await anext(stream)
        await stream.aclose()
        response_cache(CacheKind.INFERENCE).flush()
        assert (await call_async(ask())).cache == ""

    run(scenario)


def test_without_valkey_it_is_a_miss(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_in_turn(ask())

    def away() -> Any:
        raise OSError("away")

    monkeypatch.setattr("apps.inference.caching.shared.get_async_client", away)
    monkeypatch.setattr("apps.inference.caching.shared.get_redis_connection", away)
    response.response_cache.cache_clear()
    limits.limits._looked = float("inf")
    assert [reply.cache for reply in ask_in_turn(ask(), ask())] == ["", ""]


async def read(stream: Any) -> str:
    parts = [part async for part in stream]
    return "".join(
        choice["delta"].get("content") or ""
        for part in parts
        for choice in part.get("choices", ())
        if choice.get("delta")
    )
