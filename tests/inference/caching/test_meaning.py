"""Answers to other words. Likeness is the cosine of vectors of the tests own: how it is judged has its own tests."""

import asyncio
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from apps.core.models import AuditEntry
from apps.inference.caching import alike as level
from apps.inference.caching import engine, exchanges, meaning, watching
from apps.inference.caching.kinds import CacheKind
from apps.inference.caching.meaning import Meanings
from apps.inference.caching.models import SemanticWatch
from apps.inference.caching.response import ResponseCache, response_cache
from apps.inference.caching.shared import SharedResponses
from apps.inference.caching.watching import RULE, note_check
from apps.inference.calling import checking
from apps.inference.curated import CuratedAlias, freeze_alias
from apps.inference.curating import save_alias
from apps.inference.exchange import Caller, Reply
from apps.inference.models import Alias, CacheLevel
from tests.inference.caching.asking import (
    ALIKE,
    FIRST,
    OTHER,
    ask,
    ask_in_turn,
    count_requests,
    make_engine,
    put_engine,
    say,
)
from tests.inference.factories import AliasFactory
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration


def test_other_words_get_the_earlier_answer(alike: Any, scripted: ScriptedServer) -> None:
    first, again, other = ask_in_turn(ask(say(FIRST)), ask(say(ALIKE)), ask(say(OTHER)))
    assert (first.cache, again.cache, other.cache) == ("", "semantic", "")
    assert again.body == first.body
    assert count_requests(scripted) == 2
    counts = response_cache(CacheKind.INFERENCE).statistics()
    assert (counts["hits"], counts["hits_semantic"], counts["misses"]) == (1, 1, 2)


@pytest.mark.parametrize(
    ("body", "user"),
    [(say(ALIKE), 2), (say(ALIKE, before="Be long."), 1), (say(ALIKE, max_tokens=5), 1), (say(ALIKE, seed=1), 1)],
)
def test_all_else_must_be_equal(alike: Any, body: dict[str, Any], user: int) -> None:
    replies = ask_in_turn(ask(say(FIRST)), ask(body, user=user))
    assert [reply.cache for reply in replies] == ["", ""]


def test_it_is_off_where_the_alias_says_exact(alike: Any) -> None:
    alike(CacheLevel.EXACT)
    assert [reply.cache for reply in ask_in_turn(ask(say(FIRST)), ask(say(ALIKE)))] == ["", ""]


def test_what_was_cleared_or_is_of_other_prices_is_not_given(alike: Any) -> None:
    ask_in_turn(ask(say(FIRST)))
    response_cache(CacheKind.INFERENCE).clear(owner="user:1")
    assert [reply.cache for reply in ask_in_turn(ask(say(ALIKE)))] == [""]
    alike(CacheLevel.SEMANTIC, max_output_tokens=99)
    assert [reply.cache for reply in ask_in_turn(ask(say(FIRST)))] == [""]


def test_another_process_learns_of_questions(alike: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_in_turn(ask(say(FIRST)))
    response_cache(CacheKind.INFERENCE).flush()
    level.make_meanings(level.engines.peek().engine).flush()
    put_engine(monkeypatch, make_engine())
    cache = ResponseCache(CacheKind.INFERENCE)
    monkeypatch.setattr(exchanges, "response_cache", lambda kind: cache)
    assert [reply.cache for reply in ask_in_turn(ask(say(ALIKE)))] == ["semantic"]


def test_scopes_that_were_not_used_for_long_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "MOST_SCOPES", 1)
    used = make_engine()
    meanings = Meanings(used, SharedResponses(CacheKind.INFERENCE))

    async def scenario() -> None:
        for scope in ("one", "two"):
            compared = await meanings.compare(scope, FIRST, None)
            assert compared.key is None
            meanings.add(compared.question, f"key-{scope}", 60)

    asyncio.run(scenario())
    assert (used.entries.count("one"), used.entries.count("two")) == (0, 1)


def answer(text: str) -> dict[str, Any]:
    return {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}


def test_answers_are_compared_as_json_or_by_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = {FIRST: [1.0, 0.0], ALIKE: [0.65, 0.76], OTHER: [0.5, 0.866]}
    monkeypatch.setattr(engine, "embed", lambda text: np.array(vectors[text], dtype=np.float32))
    as_json = {"response_format": {"type": "json_object"}}
    assert checking.is_same(as_json, answer('{"a": 1}'), answer('{ "a":1}'))
    assert not checking.is_same(as_json, answer('{"a": 1}'), answer('{"a": 2}'))
    assert checking.is_same({}, answer("Boil  them."), answer("Boil them."))
    assert checking.is_same({}, answer(FIRST), answer(ALIKE))
    assert not checking.is_same({}, answer(FIRST), answer(OTHER))


def test_a_hit_is_asked_for_anew_by_the_product(alike: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    noted = []
    monkeypatch.setattr(checking, "note", lambda alias, same: noted.append((alias.id, same)))
    exchange = ask(say(ALIKE))
    reply = Reply(answer("something else"), "small", "p", "large", cache="semantic")
    monkeypatch.setattr(engine, "embed", lambda text: np.array([1.0, 0.0] if "else" in text else [0.0, 1.0]))
    asked: list[Caller] = []
    from apps.inference.calling import client

    whole = client.call_async

    async def call(one: Any) -> Reply:
        asked.append(one.caller)
        return await whole(one)

    monkeypatch.setattr(client, "call_async", call)

    async def scenario() -> None:
        settings.SEMANTIC_CHECK_SHARE = 0
        checking.check_sometimes(exchange, reply)
        assert not checking._tasks
        settings.SEMANTIC_CHECK_SHARE = 1
        checking.check_sometimes(exchange, replace(reply, cache="exact"))
        assert not checking._tasks
        checking.check_sometimes(exchange, reply)
        await asyncio.gather(*checking._tasks)

    from tests.inference.serving import run

    run(scenario)
    assert asked == [Caller()]
    assert noted == [(1, False)]


def freeze(row: Alias) -> CuratedAlias:
    return freeze_alias(row, ())


@pytest.mark.django_db
def test_a_breach_tightens_the_threshold_and_says_so() -> None:
    alias = AliasFactory()
    for number in range(RULE.fewest):
        watch = note_check(alias=freeze(alias), same=number % 3 > 0, fitted=0.9)
    row = SemanticWatch.objects.get(alias=alias)
    assert watch.tightened == row.tightened == 1
    assert row.threshold > 0.9
    assert row.waits
    assert watching.read_thresholds() == {alias.pk: row.threshold}
    assert AuditEntry.objects.filter(event="semantic.tightened").count() == 1
    assert (row.hits, row.all_hits) == (0, RULE.fewest)


@pytest.mark.django_db
def test_a_threshold_that_was_set_is_where_it_begins_and_how_loose_it_gets() -> None:
    alias = AliasFactory(cache_threshold=0.8)
    for _ in range(2 * RULE.fewest_to_loosen):
        watch = note_check(alias=freeze(alias), same=True, fitted=0.93)
    assert (watch.threshold, watch.loosened) == (0.8, 0)
    alias.cache_threshold = 0.7
    save_alias(alias=alias)
    assert not SemanticWatch.objects.filter(alias=alias).exists()
    assert note_check(alias=freeze(alias), same=True, fitted=0.93).threshold == 0.7


@pytest.mark.django_db
def test_an_edit_of_anything_else_lets_the_watch_go_on() -> None:
    alias = AliasFactory(cache_threshold=0.8)
    note_check(alias=freeze(alias), same=True, fitted=0.93)
    alias.description = "for tests"
    save_alias(alias=alias)
    assert SemanticWatch.objects.get(alias=alias).hits == 1


@pytest.mark.parametrize(("threshold", "found"), [(0.99, ""), (0.95, "semantic"), (None, "semantic")])
def test_an_aliass_own_threshold_decides(alike: Any, threshold: float | None, found: str) -> None:
    """The cosine of the two wordings is .96, and from .9 on they are the same."""
    alike(CacheLevel.SEMANTIC, cache_threshold=threshold)
    assert [reply.cache for reply in ask_in_turn(ask(say(FIRST)), ask(say(ALIKE)))] == ["", found]
