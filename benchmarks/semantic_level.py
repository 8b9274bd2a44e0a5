"""The level that answers other words as it is wired: what a gateway does between a request and an earlier answer.

    python -m benchmarks.semantic_level [--data DIR] [--models DIR]

A whole stack runs; this process is one more that calls models. One owner's questions are put where gateways put them,
and then others are asked: a look-up for the same words in Valkey, the embedding, the comparison, and the answer, out
of Valkey or this process. Processor time is of the whole process, all its threads.
"""

import config  # noqa: F401, I001 - before NumPy, which then has one thread, as in the product
import asyncio
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.options import has_data
from benchmarks.figures import save_figures
from benchmarks.gateway_contenders import find_port
from benchmarks.http_home import GENEROUS
from benchmarks.page import render_rows
from benchmarks.semantic_fit import read_options
from benchmarks.semantic_pairs import FILE, Pairs, load_pairs
from benchmarks.stack import running

if TYPE_CHECKING:
    from apps.inference.exchange import Exchange

COMMAND = "python -m benchmarks.semantic_level"
SIZES = (100, 1_000, 10_000)
ALIAS = "semantic"
TIMED = 300
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds: on the clock, and of processors."""

    wall: float
    work: float


def main() -> int:
    options = read_options(__doc__)
    if not has_data(options.data, FILE):
        return 2
    rows = measure_level(load_pairs(options.data, options.models, options.cache), SIZES)
    print(render_rows(rows))
    if not options.dry_run:
        save_figures("semantic_level", COMMAND, {"sizes": rows})
    return 0


def measure_level(pairs: Pairs, sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="touchstone-semantic-") as scratch:
        home = Path(scratch) / "home"
        os.environ.update(TOUCHSTONE_HOME=str(home), LOG_LEVEL="ERROR", **GENEROUS)
        with running(home, find_port()):
            curate(max(sizes))
            return [asyncio.run(measure_size(pairs, size)) for size in sizes]


def curate(size: int) -> None:
    """An alias of a model that nobody asks here, and room for as many answers."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    import django

    django.setup()
    from apps.inference.caching.kinds import CacheKind, CacheLimits
    from apps.inference.caching.managing import set_limits
    from apps.inference.models import Alias, AliasModel, Provider, ServedModel

    set_limits(kind=CacheKind.INFERENCE, to=CacheLimits(3600, 2 * size))
    provider = Provider.objects.create(name="nowhere", base_url="http://127.0.0.1:9/v1")
    model = ServedModel.objects.create(provider=provider, name="nothing", remote_name="nothing")
    alias = Alias.objects.create(name=ALIAS, cache="semantic")
    AliasModel.objects.create(alias=alias, model=model)


async def measure_size(pairs: Pairs, size: int) -> dict[str, Any]:
    """Each size is another owner's; texts that are near to what is stored are asked."""
    from apps.inference.caching.engine import engines
    from apps.inference.exchange import SEMANTIC

    await asyncio.to_thread(engines.start().join)
    likely = np.argsort(-pairs.cosines)[: size // 2]
    stored = list(dict.fromkeys([*pairs.first[likely].tolist(), *range(len(pairs.texts))]))[:size]
    await store(pairs, stored, size)
    first = await ask(make_exchange("Is anybody there?", size))
    known, hits = set(stored), []
    for place in pairs.second[likely].tolist():
        exchange = make_exchange(pairs.texts[place], size)
        if place in known or len(hits) == TIMED:
            continue
        timed = await ask(exchange)
        if exchange.looks[-1].level == SEMANTIC and exchange.looks[-1].outcome == "hit":
            hits.append(timed)
    return {
        "entries": size,
        "hits timed": len(hits),
        **describe("ms", [one.wall for one in hits]),
        **describe("CPU ms", [one.work for one in hits]),
        "first look ms": round(first.wall, 1),
        "first look CPU ms": round(first.work, 1),
    }


def describe(unit: str, values: list[float]) -> dict[str, float]:
    return {f"p{part} {unit}": round(float(np.percentile(values, part)), 3) for part in (50, 95)}


async def ask(exchange: "Exchange") -> Timed:
    from apps.inference.caching.exchanges import find_cached, let_go

    started, worked = time.perf_counter(), time.process_time()
    await find_cached(exchange)
    timed = Timed(1e3 * (time.perf_counter() - started), 1e3 * (time.process_time() - worked))
    let_go(exchange)
    await asyncio.sleep(0.002)  # what is done behind an answer is not of the next one
    return timed


async def store(pairs: Pairs, places: list[int], owner: int) -> None:
    """Answers and questions as `keep` does after a model has answered; then this process forgets them."""
    from apps.inference.caching import alike, response
    from apps.inference.caching.engine import engines
    from apps.inference.caching.kinds import CacheKind
    from apps.inference.caching.meaning import Question, find_question
    from apps.inference.caching.recipes import pack, read_recipe
    from apps.inference.curated import get_curated_async
    from apps.inference.exchange import Reply

    engine, curated = engines.peek().engine, await get_curated_async()
    assert engine, engines.peek().reason
    meanings, cache = alike.make_meanings(engine), response.response_cache(CacheKind.INFERENCE)
    stamp, scope = await cache.read_stamp(), ""
    for place in places:
        exchange = make_exchange(pairs.texts[place], owner)
        recipe = read_recipe(exchange, curated)
        assert recipe
        found = find_question(exchange, recipe, engine.model)
        if found is None:
            continue
        scope = found[0]
        choices = [{"message": {"role": "assistant", "content": f"About {place}."}, "finish_reason": "stop"}]
        kept = pack(Reply({"choices": choices}, "nothing", "nowhere", "large"))
        cache.put(recipe.keys, kept, stamp=stamp, owner=recipe.owner, tags=recipe.tags)
        meanings.add(Question(*found, pairs.vectors[place]), recipe.keys.own, 3600)
    cache.flush()
    meanings.flush()
    engine.entries.clear(scope)
    alike.make_meanings.cache_clear()
    response.response_cache.cache_clear()


def make_exchange(text: str, owner: int) -> "Exchange":
    from apps.inference.exchange import Caller, Exchange, Operation

    body = {"messages": [{"role": "user", "content": text}]}
    return Exchange(Operation.CHAT, ALIAS, body, Caller(user=owner), time.monotonic() + SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
