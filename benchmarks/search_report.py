"""How good search is over every set at once: `python -m benchmarks.search_report [--sets NAME ...] [--wrong KIND]`.

In this process and without a database: each set gets an index of its own, and its queries climb the product's ladder.
Shares and MRR@10 are from 0 to 1.
"""

import argparse
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from apps.functions.index import LiveIndex, Overlay, SearchOutcome, build_index, open_current
from apps.functions.index.segment import Vector
from apps.functions.search.documents import Document
from apps.functions.search.query import ParsedQuery, parse_query
from apps.functions.search.synonyms import SYNONYM_GROUPS
from benchmarks.figures import save_figures
from benchmarks.options import has_data, make_parser
from benchmarks.search_generated import load_generated, load_short
from benchmarks.search_sets import QuerySet, VectorCache, load_sets

NAMES, WORDS, MODEL = "names", "words", "local_model"


@dataclass(frozen=True, slots=True)
class Answered:
    """A query's answer: the rank of the first right result, 0 for none among ten, and how it was reached."""

    place: int
    rank: int
    tier: str
    outcome: SearchOutcome


def main() -> int:
    options = read_options()
    if not has_data(options.data, "retrieval"):
        return 2
    vectors = VectorCache(options.models, options.cache)
    sets = [*load_sets(options.data), load_generated(options.count, options.seed), load_short(seed=options.seed)]
    print(f"{'set':26s} queries   MRR@10    top-1    top-5   refused  names/words/model   µs a query")
    for given in sets:
        if not options.sets or given.name in options.sets:
            started = time.process_time()
            answered = list(answer_set(given, vectors))
            print_set(given, answered, 1e6 * (time.process_time() - started) / len(given.queries))
            print_wrong(given, answered, options.wrong)
            if given.name == "short":
                save_short(answered, options.seed)
    return 0


def save_short(answered: Sequence[Answered], seed: int) -> None:
    """The figures of the page for short queries over 64 functions, as a predecessor asked itself."""
    mrr, first, five, refused = measure(answered)
    tiers = Counter(one.tier for one in answered)
    figures = {
        "cases": len(answered),
        "accuracy": first,
        "recall_at_5": five,
        "mrr_at_10": mrr,
        "refused": refused,
        "by_tier": {tier: tiers[tier] / len(answered) for tier in (NAMES, WORDS, MODEL)},
    }
    save_figures("predecessor", f"python -m benchmarks.search_report --sets short --seed {seed}", figures)


def read_options() -> argparse.Namespace:
    parser = make_parser(__doc__, "data", "models", "cache")
    parser.add_argument("--sets", nargs="*", default=[])
    parser.add_argument("--count", type=int, default=3_000, help="generated cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--wrong", default="", help="print queries of this kind that are answered wrongly")
    return parser.parse_args()


def answer_set(given: QuerySet, vectors: VectorCache) -> Iterator[Answered]:
    with tempfile.TemporaryDirectory(prefix="touchstone-report-") as scratch:
        live = open_live(Path(scratch), given.documents, vectors)
        queries = [read_query(live, *pair) for pair in zip(given.queries, given.languages, strict=True)]
        embedded = vectors.embed([parsed.text for parsed in queries])
        for place, (parsed, vector) in enumerate(zip(queries, embedded, strict=True)):
            tier, outcome = climb(live, parsed, vector)
            right = given.answers_of(place)
            rank = next((rank for rank, hit in enumerate(outcome.hits, start=1) if hit.id in right), 0)
            yield Answered(place, rank, tier, outcome)


def read_query(live: LiveIndex, text: str, language: str | None) -> ParsedQuery:
    """The query as services.searching reads it."""
    parsed = parse_query(text, language=language, available=live.languages)
    return live.read_words(parsed, SYNONYM_GROUPS)


def open_live(root: Path, documents: Sequence[Document], vectors: VectorCache) -> LiveIndex:
    entries = zip(documents, vectors.embed_documents(documents), strict=True)
    build_index(root, entries, model_digest="benchmark", watermark=0)
    return LiveIndex(open_current(root), Overlay())


def climb(live: LiveIndex, parsed: ParsedQuery, vector: Vector) -> tuple[str, SearchOutcome]:
    """The tiers of services.searching, but for the cache."""
    named = live.exact_matches(parsed)
    if named.answered:
        return NAMES, named
    by_words = live.search_if_sure(parsed)
    if by_words.answered:
        return WORDS, by_words
    return MODEL, live.search(parsed, vector)


def print_set(given: QuerySet, answered: Sequence[Answered], microseconds: float) -> None:
    print_row(given.name, answered, microseconds)
    for title, key in (("tag", given.part_of), ("kind", lambda place: given.kinds[place] if given.kinds else "")):
        parts: dict[str, list[Answered]] = defaultdict(list)
        for one in answered:
            parts[key(one.place)].append(one)
        if len(parts) > 1:
            for name in sorted(parts):
                print_row(f"  {name}", parts[name], None)
            macro = np.mean([[measure(part)[0], measure(part)[1]] for part in parts.values()], axis=0)
            print(f"  macro by {title}: MRR@10 {macro[0]:.4f}, top-1 {macro[1]:.4f}")


def print_row(name: str, answered: Sequence[Answered], microseconds: float | None) -> None:
    mrr, first, five, refused = measure(answered)
    tiers = Counter(one.tier for one in answered)
    shares = "/".join(f"{tiers[tier] / len(answered):.2f}" for tier in (NAMES, WORDS, MODEL))
    timing = f"{microseconds:12.0f}" if microseconds else ""
    print(
        f"{name:26s} {len(answered):7d} {mrr:8.4f} {first:8.4f} {five:8.4f}  {refused:8.4f} {shares:>18s} {timing}",
        flush=True,
    )


def measure(answered: Sequence[Answered]) -> tuple[float, float, float, float]:
    ranks = np.array([one.rank for one in answered])
    reciprocal = np.where(ranks > 0, 1 / np.maximum(ranks, 1), 0)
    refused = np.mean([not one.outcome.answered for one in answered])
    return (
        float(reciprocal.mean()),
        float((ranks == 1).mean()),
        float(((ranks > 0) & (ranks <= 5)).mean()),
        float(refused),
    )


def print_wrong(given: QuerySet, answered: Sequence[Answered], kind: str) -> None:
    names = {document.id: f"{document.name} ({document.language})" for document in given.documents}
    for one in answered:
        if kind and given.kinds and kind in (given.kinds[one.place], "all") and one.rank != 1:
            wanted = [names[id] for id in sorted(given.answers_of(one.place))][:3]
            got = [f"{names[hit.id]} {hit.score:.3f}: {hit.why}" for hit in one.outcome.hits[:1]]
            query = f"[{given.kinds[one.place]}] {given.queries[one.place]!r}"
            print(f"  {query} rank {one.rank} wanted {wanted} got {got}")


if __name__ == "__main__":
    raise SystemExit(main())
