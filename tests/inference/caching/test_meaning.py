"""Answers to other words. Likeness is the cosine of vectors of the tests own: how it is judged has its own tests."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from apps.core.models import AuditEntry
from apps.inference.caching import exchanges, meaning, watching
from apps.inference.caching.kinds import CacheKind
from apps.inference.caching.meaning import Engine, Meanings
from apps.inference.caching.models import SemanticWatch
from apps.inference.caching.response import ResponseCache, response_cache
from apps.inference.caching.shared import SharedResponses
from apps.inference.caching.watching import RULE, note_check
from apps.inference.calling import checking
from apps.inference.exchange import Caller, Reply
from apps.inference.models import CacheLevel
from apps.inference.semantic.lookup import Candidate, Entries, Found, Level
from tests.inference.caching.test_exchanges import ask, ask_in_turn, count_requests, offer  # noqa: F401
from tests.inference.calling.conftest import purse  # noqa: F401
from tests.inference.factories import AliasFactory
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration

VECTORS = {"How do I boil eggs?": [1.0, 0.0], "How are eggs boiled?": [0.96, 0.28], "How do I fry eggs?": [0.6, 0.8]}


class ByCosine(Entries):
    """Means the same from .9 on."""

    def find(self, owner: Any, text: str, vector: Any, *, threshold: float | None = None) -> Found:
        shelf = self._shelves.get(owner)
        judged = [
            Candidate(key, question.text, float(own @ vector), float(own @ vector))
            for key, question, own in zip(shelf.keys, shelf.questions, shelf.vectors, strict=False)
        ] if shelf else []  # fmt: skip
        best = max(judged, key=lambda one: one.probability, default=None)
        hit = best if best and best.probability >= (threshold or 0.9) else None
        return Found(hit, Level.SEMANTIC if hit else None, tuple(judged))


def make_engine() -> Engine:
    entries = ByCosine(None, {}, dimensions=2)  # type: ignore[arg-type]
    return Engine(entries, lambda text: np.array(VECTORS[text], dtype=np.float32))


@pytest.fixture
def alike(offer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, settings: Any) -> Callable[..., Any]:  # noqa: F811
    settings.SEMANTIC_CHECK_SHARE = 0
    monkeypatch.setattr(watching.thresholds, "_known", {})
    monkeypatch.setattr(watching.thresholds, "_looked", float("inf"))
    engine = make_engine()
    monkeypatch.setattr(exchanges, "load_engine", lambda: engine)
    offer(CacheLevel.SEMANTIC)
    return offer


def say(text: str, before: str = "Be brief.", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "system", "content": before}, {"role": "user", "content": text}], **more}


FIRST, ALIKE, OTHER = VECTORS


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
    exchanges.make_meanings(exchanges.load_engine()).flush()
    elsewhere, cache = make_engine(), ResponseCache(CacheKind.INFERENCE)
    monkeypatch.setattr(exchanges, "load_engine", lambda: elsewhere)
    monkeypatch.setattr(exchanges, "response_cache", lambda kind: cache)
    assert [reply.cache for reply in ask_in_turn(ask(say(ALIKE)))] == ["semantic"]


def test_scopes_that_were_not_used_for_long_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "MOST_SCOPES", 1)
    engine = make_engine()
    meanings = Meanings(engine, SharedResponses(CacheKind.INFERENCE))

    async def scenario() -> None:
        for scope in ("one", "two"):
            question = meaning.Question(scope, FIRST, engine.embed(FIRST))
            assert await meanings.find(question, None) is None
            meanings.add(question, f"key-{scope}", 60)

    asyncio.run(scenario())
    assert (engine.entries.count("one"), engine.entries.count("two")) == (0, 1)


def answer(text: str) -> dict[str, Any]:
    return {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}


def test_answers_are_compared_as_json_or_by_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "embed", lambda text: np.array(VECTORS[text], dtype=np.float32))
    as_json = {"response_format": {"type": "json_object"}}
    assert checking.is_same(as_json, answer('{"a": 1}'), answer('{ "a":1}'))
    assert not checking.is_same(as_json, answer('{"a": 1}'), answer('{"a": 2}'))
    assert checking.is_same({}, answer("Boil  them."), answer("Boil them."))
    assert checking.is_same({}, answer(FIRST), answer(ALIKE))
    assert not checking.is_same({}, answer(FIRST), answer(OTHER))


def test_a_hit_is_asked_for_anew_by_the_product(alike: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    noted = []
    monkeypatch.setattr(checking, "note", lambda alias, same: noted.append((alias, same)))
    exchange = ask(say(ALIKE))
    reply = Reply(answer("something else"), "small", "p", "large", cache="semantic")
    monkeypatch.setattr(meaning, "embed", lambda text: np.array([1.0, 0.0] if "else" in text else [0.0, 1.0]))
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


@pytest.mark.django_db
def test_a_breach_tightens_the_threshold_and_says_so() -> None:
    alias = AliasFactory()
    for number in range(RULE.fewest):
        watch = note_check(alias_id=alias.pk, same=number % 3 > 0, fitted=0.9)
    row = SemanticWatch.objects.get(alias=alias)
    assert watch.tightened == row.tightened == 1
    assert row.threshold > 0.9
    assert row.waits
    assert watching.read_thresholds() == {alias.pk: row.threshold}
    assert AuditEntry.objects.filter(event="semantic.tightened").count() == 1
    assert (row.hits, row.all_hits) == (0, RULE.fewest)
