"""How long a search and a build take, in this process and on one thread.

    python -m benchmarks.search_speed [--data DIR] [--models DIR] [--cache DIR]

Over CoSQA's 6,267 functions, without a database: its queries climb the tiers as the product's do, and so do the
functions' names, and the descriptions of functions that somebody described for search; then CoSQA's queries are asked
again, for the cache to answer. `meaning` is what an embedding ended, `early` what is sure by itself: a name or a
repeated query; `words` are the descriptions that words alone find. A query's time is that of its best round, since the
others are longer by what else the machine did.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray

from apps.functions.index import LiveIndex, Overlay, build_index, open_current
from apps.functions.search.documents import Document
from apps.functions.search.query import parse_query
from apps.functions.search.synonyms import SYNONYM_GROUPS
from apps.inference.embedding import Embedder, load_embedder
from benchmarks.figures import save_figures
from benchmarks.options import make_parser
from benchmarks.search_generated import load_catalogue
from benchmarks.search_sets import VectorCache, load_cosqa

COUNTS = (6_267, 100_000)
ROUNDS = 2
TIER_ROUNDS = 3


def measure_speed(data: Path, models: Path, cache: Path) -> None:
    """Every size in a process of its own, so that its peak memory is its own."""
    for count in COUNTS:
        folders = ["--data", str(data), "--models", str(models), "--cache", str(cache)]
        command = [sys.executable, "-m", "benchmarks.search_speed", *folders, "--functions", str(count)]
        subprocess.run(command, check=True)


def measure_size(data: Path, models: Path, cache: Path, count: int) -> None:
    given = load_cosqa(data / "retrieval")
    vectors = VectorCache(models, cache).embed_documents(given.documents)
    embedder = load_embedder(models, threads=1)
    with tempfile.TemporaryDirectory(prefix="touchstone-speed-") as scratch:
        before, started = peak_megabytes(), time.perf_counter()
        manifest = build_index(
            Path(scratch), multiply(given.documents, vectors, count), model_digest="benchmark", watermark=0
        )
        seconds = time.perf_counter() - started
        print(
            f"{count:,} functions: built in {seconds:.1f} s, {manifest.bytes / 1e6:.0f} MB of files, "
            f"peak memory {before:.0f} MB before and {peak_megabytes():.0f} MB after"
        )
        live = LiveIndex(open_current(Path(scratch)), Overlay())
        print_times(live, embedder, given.queries)


def multiply(
    documents: Sequence[Document], vectors: NDArray[np.float32], count: int
) -> Iterator[tuple[Document, NDArray[np.float32]]]:
    """The same functions again and again, with other ids and names and with vectors nearby, as a stream."""
    random = np.random.default_rng(0)
    for number in range(count):
        place, again = number % len(documents), number // len(documents)
        document = replace(documents[place], id=number + 1)
        vector = vectors[place]
        if again:
            document = replace(document, name=f"{document.name}_{again}")
            vector = vector + random.normal(0, 0.02, vector.shape).astype(np.float32)
        yield document, vector


def print_times(live: LiveIndex, embedder: Embedder, queries: Sequence[str]) -> None:
    """Elapsed time, and time on the processor: the first is longer than the second where others use it too."""
    for title, clock in (("elapsed", time.perf_counter), ("processor", time.process_time)):
        time_queries(live, embedder, queries[:50], clock)
        times = np.concatenate([time_queries(live, embedder, queries, clock) for _ in range(ROUNDS)])
        for name, values in (("embedding", times[:, 0]), ("search", times[:, 1]), ("together", times.sum(axis=1))):
            p50, p95, p99 = np.percentile(values, [50, 95, 99])
            print(f"  {title:9s}  {name:9s}  p50 {p50:6.2f} ms   p95 {p95:6.2f} ms   p99 {p99:6.2f} ms")


def time_queries(
    live: LiveIndex, embedder: Embedder, queries: Sequence[str], clock: Callable[[], float]
) -> NDArray[np.float64]:
    """Milliseconds for embedding and for searching, (queries, 2)."""
    times = []
    for query in queries:
        started = clock()
        parsed = parse_query(query, available=live.languages)
        vector = embedder.embed([parsed.text])[0]
        embedded = clock()
        live.search(parsed, vector)
        times.append((embedded - started, clock() - embedded))
    return 1000 * np.array(times)


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@dataclass(frozen=True, slots=True)
class Climb:
    """The tier that ended a climb, and the milliseconds of the whole and of embedding."""

    tier: str
    whole: float
    embedding: float


def climb(live: LiveIndex, embedder: Embedder, query: str) -> Climb:
    """The tiers of `apps.functions.services.measuring`, without the reading of rows."""
    started = time.perf_counter()
    parsed = live.read_words(parse_query(query, available=live.languages), SYNONYM_GROUPS)
    embedding, tier = 0.0, "rules"
    found = live.exact_matches(parsed)
    if not found.answered:
        found, tier = live.search_if_sure(parsed), "words"
    if not found.answered:
        before = time.perf_counter()
        vector = embedder.embed([parsed.text])[0]
        embedding, tier = time.perf_counter() - before, "local_model"
        live.search(parsed, vector)
    return Climb(tier, (time.perf_counter() - started) * 1000, embedding * 1000)


def measure_tiers(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    given, catalogue = load_cosqa(options.data / "retrieval"), load_catalogue()
    vectors = VectorCache(options.models, options.cache).embed_documents([*given.documents, *catalogue])
    shipped = [replace(document, id=len(given.documents) + document.id) for document in catalogue]
    replaced = len(shipped)  # as many as come from the shipped catalogue go, so that the size stays
    documents = [*given.documents[: len(given.documents) - replaced], *shipped]
    kept = np.concatenate([vectors[: len(given.documents) - replaced], vectors[len(given.documents) :]])
    build_index(folder, zip(documents, kept, strict=True), model_digest="benchmark", watermark=0)
    live, embedder = LiveIndex(open_current(folder), Overlay()), load_embedder(options.models, threads=1)
    named = random.Random(0).sample(documents, len(given.queries))
    described = random.Random(1).sample(shipped, min(len(given.queries), len(shipped)))
    suites = {
        "cosqa": given.queries,
        "names": [document.name for document in named],
        "descriptions": [document.description for document in described],
    }
    climbs = {
        name: time_climbs(lambda query: climb(live, embedder, query), queries) for name, queries in suites.items()
    }
    climbs["repeated"] = time_climbs(make_asking_again(live, given.queries), given.queries)
    return {"functions": len(documents), **summarise_tiers(climbs)}


def make_asking_again(live: LiveIndex, queries: Sequence[str]) -> Callable[[str], Climb]:
    """How a query that was answered before is answered by the process's cache."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    django.setup()
    from apps.core.cache.registry import get_cache
    from apps.functions.services.tiers import CacheTier, KeptAnswer, SearchRequest, climb_tiers

    for query in queries:
        outcome = live.search(parse_query(query, available=live.languages), None)
        get_cache("functions.answers").set((query,), KeptAnswer(outcome, None, [], b""))

    def ask(query: str) -> Climb:
        started = time.perf_counter()
        request = SearchRequest(query, None, live, SYNONYM_GROUPS, None, 10, (query,))
        tier = climb_tiers((CacheTier(),), request, started).tier
        return Climb(tier, (time.perf_counter() - started) * 1000, 0.0)

    return ask


def time_climbs(ask: Callable[[str], Climb], queries: Sequence[str]) -> list[Climb]:
    rounds = [[ask(query) for query in queries] for _ in range(TIER_ROUNDS)]
    return [min(each, key=lambda one: one.whole) for each in zip(*rounds, strict=True)]


def summarise_tiers(climbs: dict[str, list[Climb]]) -> dict[str, Any]:
    every = [one for each in climbs.values() for one in each]
    meaning = [one for one in every if one.tier == "local_model"]
    sure = [one for one in every if one.tier in ("rules", "cache")]
    return {
        "meaning_p50_ms": median([one.whole for one in meaning]),
        "embedding_p50_ms": median([one.embedding for one in meaning]),
        "beside_embedding_p50_ms": median([one.whole - one.embedding for one in meaning]),
        "early_p50_ms": median([one.whole for one in sure]),
        "rules_p50_ms": median([one.whole for one in sure if one.tier == "rules"]),
        "cache_p50_ms": median([one.whole for one in sure if one.tier == "cache"]),
        "words_p50_ms": median([one.whole for one in every if one.tier == "words"]),
        "tier_shares": {
            name: {tier: round(count / len(each), 3) for tier, count in Counter(one.tier for one in each).items()}
            for name, each in climbs.items()
        },
    }


def median(values: Sequence[float]) -> float | None:
    return round(float(np.median(values)), 3) if values else None


def main() -> int:
    parser = make_parser(__doc__, "data", "models", "cache")
    parser.add_argument("--functions", type=int, help="time a build of so many, and the parts of a search over them")
    options = parser.parse_args()
    if options.functions:
        measure_size(options.data, options.models, options.cache, options.functions)
        return 0
    with tempfile.TemporaryDirectory(prefix="touchstone-speed-") as scratch:
        figures = measure_tiers(options, Path(scratch))
    save_figures("speed", "python -m benchmarks.search_speed", figures)
    print(json.dumps(figures, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
