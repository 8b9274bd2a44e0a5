"""The level of a cache that answers other wordings: it takes a second at most, and says how it went."""

import asyncio
import time
from dataclasses import dataclass
from functools import cache as once

from apps.inference.caching.engine import Engine, engines
from apps.inference.caching.entries import Keys, Terms
from apps.inference.caching.kinds import CacheKind
from apps.inference.caching.meaning import MOST_CHARACTERS, Compared, Meanings, Question, find_question
from apps.inference.caching.recipes import Recipe, unpack
from apps.inference.caching.response import ResponseCache
from apps.inference.caching.shared import SharedResponses
from apps.inference.caching.watching import get_threshold
from apps.inference.exchange import HIT, MISS, SEMANTIC, SKIPPED, Exchange, Look, Reply
from apps.inference.semantic.lookup import Candidate

PATIENCE_SECONDS = 1.0
"""A comparison that takes longer is given up, and the model is asked."""
TRIES = 3
"""So many of the nearest questions may have answers that are no more."""
NO_QUESTION = f"the request does not end with a question of up to {MOST_CHARACTERS:,} characters"
LATE = f"it took longer than {PATIENCE_SECONDS:g} s"


@dataclass(frozen=True, slots=True)
class Alike:
    """`question` is what the answer will be found by, where there is none yet."""

    look: Look
    question: Question | None = None
    reply: Reply | None = None


async def find_alike(cache: ResponseCache, exchange: Exchange, recipe: Recipe) -> Alike:
    """The answer to an earlier question that means the same."""
    standing = engines.peek()
    if standing.engine is None:
        return Alike(Look(SEMANTIC, SKIPPED, reason=standing.reason))
    sought = find_question(exchange, recipe, standing.engine.model)
    if sought is None:
        return Alike(Look(SEMANTIC, SKIPPED, reason=NO_QUESTION))
    started = time.perf_counter()
    meanings, question = make_meanings(standing.engine), None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            threshold = await get_threshold(recipe.alias)
            compared = await meanings.compare(*sought, threshold)
            question = compared.question
            compared, reply = await take_answer(cache, meanings, compared, threshold, recipe.terms)
    except TimeoutError:
        return Alike(Look(SEMANTIC, SKIPPED, measure(started), reason=LATE), question)
    return Alike(describe(compared, measure(started), hit=reply is not None), question, reply)


async def take_answer(
    cache: ResponseCache, meanings: Meanings, compared: Compared, threshold: float | None, terms: Terms
) -> tuple[Compared, Reply | None]:
    """Questions whose answers are no more are forgotten, and the next one is tried."""
    for _ in range(TRIES):
        if compared.key is None:
            break
        looked = await cache.look_up_async(Keys(compared.key, compared.key), level=SEMANTIC, terms=terms)
        reply = unpack(looked.value, SEMANTIC)
        if reply is not None:
            cache.tally.turn_miss()
            return compared, reply
        meanings.forget(compared.question, compared.key)
        compared = meanings.find(compared.question, threshold)
    return compared, None


def index(recipe: Recipe, question: Question, seconds: int) -> None:
    """Has the question found from now on, by what its answer is kept under."""
    engine = engines.peek().engine
    if engine is not None:
        key = recipe.keys.public if recipe.alias.cache_public else recipe.keys.own
        make_meanings(engine).add(question, key, seconds)


@once
def make_meanings(engine: Engine) -> Meanings:
    return Meanings(engine, SharedResponses(CacheKind.INFERENCE))


def measure(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def describe(compared: Compared, ms: float, *, hit: bool) -> Look:
    nearest = compared.nearest
    probability = nearest.probability if nearest else None
    return Look(SEMANTIC, HIT if hit else MISS, ms, probability, "" if hit else explain(nearest))


def explain(nearest: Candidate | None) -> str:
    """Why nothing was found. Nothing of what was asked is in it."""
    if nearest is None:
        return "no earlier question is near"
    if nearest.differences:
        return f"the nearest differs in {' and '.join(nearest.differences)}"
    return "the nearest is not sure enough to mean the same"
