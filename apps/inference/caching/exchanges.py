"""Earlier answers of models: found before a model is asked, kept after it has answered."""

import asyncio
import threading
import time
from dataclasses import dataclass, replace

from apps.inference.caching.alike import find_alike, index, measure
from apps.inference.caching.entries import Stamp
from apps.inference.caching.flights import Flights
from apps.inference.caching.kinds import CacheKind
from apps.inference.caching.limits import get_known_limits
from apps.inference.caching.meaning import Question
from apps.inference.caching.recipes import Recipe, is_whole, pack, read_recipe, unpack
from apps.inference.caching.response import Looked, ResponseCache, response_cache
from apps.inference.curated import get_curated_async
from apps.inference.exchange import EXACT, HIT, MISS, SKIPPED, Exchange, Look, Reply
from apps.inference.models import CacheLevel

FLIGHT_SECONDS = 10.0
"""Nobody waits for longer for an answer that another is making, and never for more than half of their time."""
CLAIM_MS = int(FLIGHT_SECONDS * 1000)
POLL_SECONDS = 0.05
AWAY = "Valkey is away"
UNASKED = Look(EXACT, SKIPPED, reason="a new answer was asked for")


@dataclass(frozen=True, slots=True)
class Asked:
    """An exchange that found nothing, for when its answer comes."""

    exchange: Exchange
    recipe: Recipe
    stamp: Stamp | None
    leads: bool
    question: Question | None = None


class _Pending:
    """By the exchange itself: equal ones are many. Those past their time are forgotten as others come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[int, Asked] = {}

    def put(self, asked: Asked) -> None:
        with self._lock:
            if len(self._asked) >= 1000:
                now = time.monotonic() - FLIGHT_SECONDS
                self._asked = {key: one for key, one in self._asked.items() if one.exchange.deadline > now}
            self._asked[id(asked.exchange)] = asked

    def take(self, exchange: Exchange) -> Asked | None:
        with self._lock:
            return self._asked.pop(id(exchange), None)


pending = _Pending()
flights = Flights(FLIGHT_SECONDS)


async def find_cached(exchange: Exchange) -> Reply | None:
    """An earlier answer to the same, as its alias is set; `exchange.looks` then has how each level was asked.

    Never raises for the cache's sake. None is for the caller to ask a model, and then to call `keep` or `let_go`:
    others may wait for it.
    """
    recipe = read_recipe(exchange, await get_curated_async())
    if recipe is None:
        return None
    cache = response_cache(CacheKind.INFERENCE)
    if exchange.fresh:
        await begin_fresh(cache, exchange, recipe)
        return None
    started = time.perf_counter()
    looked, leads = await look_up_exact(cache, exchange, recipe)
    reply = unpack(looked.value, EXACT)
    reason = "" if looked.stamp else AWAY
    exchange.looks.append(Look(EXACT, MISS if reply is None else HIT, measure(started), reason=reason))
    if reply is not None:
        return reply
    asked = Asked(exchange, recipe, looked.stamp, leads and looked.value is None)
    pending.put(asked)
    if recipe.alias.cache is not CacheLevel.SEMANTIC or looked.stamp is None:
        return None
    return await recall_alike(cache, asked)


async def recall_alike(cache: ResponseCache, asked: Asked) -> Reply | None:
    """The answer to what was asked in other words. Waits for a second at most."""
    try:
        alike = await find_alike(cache, asked.exchange, asked.recipe)
    except BaseException:
        let_go(asked.exchange)
        raise
    asked.exchange.looks.append(alike.look)
    if alike.reply is None:
        pending.put(replace(asked, question=alike.question))
    else:
        let_go(asked.exchange)
    return alike.reply


async def look_up_exact(cache: ResponseCache, exchange: Exchange, recipe: Recipe) -> tuple[Looked, bool]:
    """What there is, and whether this one makes the answer where nothing is: the others wait for it."""
    key = recipe.keys.own
    seconds = min(FLIGHT_SECONDS, (exchange.deadline - time.monotonic()) / 2)
    leads = await flights.join(key, seconds)
    try:
        looked = await cache.look_up_async(recipe.keys, claim_ms=CLAIM_MS if leads else 0, terms=recipe.terms)
        if looked.value is None and leads and looked.stamp is not None and not looked.claimed:
            looked = await await_other(cache, recipe, seconds)
    except BaseException:
        if leads:
            flights.land(key)
        raise
    if looked.value is not None and leads:
        flights.land(key)
    return looked, leads


async def begin_fresh(cache: ResponseCache, exchange: Exchange, recipe: Recipe) -> None:
    """Who wants a new answer waits for nobody; it takes the earlier one's place."""
    exchange.looks.append(UNASKED)
    pending.put(Asked(exchange, recipe, await cache.read_stamp(), leads=False))


async def await_other(cache: ResponseCache, recipe: Recipe, seconds: float) -> Looked:
    """What another process is making, if it comes in time; that it gave up makes this one the one who makes it."""
    until = time.monotonic() + seconds
    while True:
        await asyncio.sleep(POLL_SECONDS)
        looked = await cache.look_again(recipe.keys, claim_ms=CLAIM_MS, terms=recipe.terms)
        if looked.value is not None or looked.claimed or looked.stamp is None or time.monotonic() >= until:
            return looked


def keep(exchange: Exchange, reply: Reply) -> None:
    """Keeps an answer for the next who asks the same. Waits for nothing; what was cut is not kept."""
    asked = pending.take(exchange)
    if asked is None:
        return
    recipe, cache = asked.recipe, response_cache(CacheKind.INFERENCE)
    public = recipe.alias.cache_public
    try:
        whole = is_whole(exchange, reply) and not reply.cache
        cache.put(
            recipe.keys,
            pack(reply) if whole else None,
            stamp=asked.stamp,
            owner=recipe.owner,
            tags=(*recipe.tags, f"model:{reply.model}"),
            public=public,
            terms=recipe.terms,
        )
        if whole and asked.question is not None and asked.stamp is not None:
            index(recipe, asked.question, recipe.terms.seconds or get_known_limits(CacheKind.INFERENCE).seconds)
    finally:
        if asked.leads:
            flights.land(recipe.keys.own)


def let_go(exchange: Exchange) -> None:
    """Ends the wait of others for an answer that does not come. Does nothing after `keep`."""
    asked = pending.take(exchange)
    if asked is None or not asked.leads:
        return
    response_cache(CacheKind.INFERENCE).give_up(asked.recipe.keys.own)
    flights.land(asked.recipe.keys.own)
