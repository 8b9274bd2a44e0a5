"""How search does where code that nobody described lies beside a curated catalogue.

    python -m benchmarks.search_mixed [--data DIR] [--models DIR]

CoSQA's functions and the shipped catalogue in one index: web queries for the first, generated ones for the second, each
with what it is asked for taken out, and utterances that have nothing to do with either. The same queries over each
alone say what the company costs. Only the functions that a set names count as right, though one of the other kind may
do as well.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from apps.functions.index import LiveIndex, Overlay, open_current
from apps.functions.search.documents import Document
from benchmarks.figures import save_figures
from benchmarks.options import has_data
from benchmarks.page import render_rows
from benchmarks.search_confidence import find_alike
from benchmarks.search_generated import load_generated
from benchmarks.search_report import climb, open_live, read_options, read_query
from benchmarks.search_sets import QuerySet, VectorCache, load_cosqa, load_off_topic

COMMAND = "python -m benchmarks.search_mixed"
GENERATED, OFF_TOPIC = 1_000, 768
EVERY = 3
"""So many queries stand for one that is asked with its answers taken out."""


@dataclass(frozen=True, slots=True)
class Asked:
    text: str
    right: frozenset[int]
    hidden: frozenset[int] = frozenset()


def main() -> int:
    options = read_options()
    if not has_data(options.data, "retrieval"):
        return 2
    vectors = VectorCache(options.models, options.cache)
    plain, curated = load_cosqa(options.data / "retrieval"), load_generated(GENERATED, seed=1)
    curated = move_ids(curated, len(plain.documents))
    both = [*plain.documents, *curated.documents]
    off_topic = [Asked(text, frozenset()) for text in load_off_topic(options.data, OFF_TOPIC)]
    rows = []
    for given in (plain, curated):
        asked = list(read_cases(given))
        hidden = [replace(one, hidden=gone) for one, gone in hide(replace(given, documents=both), asked)]
        for where, documents in (("alone", given.documents), ("mixed", both)):
            rows.append({"queries": given.name, "index": where, **answer(documents, asked, hidden, off_topic, vectors)})
    print(render_rows(rows))
    save_figures("mixed", COMMAND, {"functions": len(both), "rows": rows})
    return 0


def move_ids(given: QuerySet, by: int) -> QuerySet:
    return replace(given, documents=[replace(document, id=document.id + by) for document in given.documents])


def read_cases(given: QuerySet) -> Iterator[Asked]:
    for place, text in enumerate(given.queries):
        yield Asked(text, given.answers_of(place))


def hide(given: QuerySet, asked: Sequence[Asked]) -> Iterator[tuple[Asked, frozenset[int]]]:
    """Some of the cases, and all functions that have the name of one of their answers."""
    alike = find_alike(given)
    for one in asked[::EVERY]:
        yield one, frozenset().union(*(alike[function] for function in one.right))


def answer(
    documents: Sequence[Document],
    asked: Sequence[Asked],
    hidden: Sequence[Asked],
    off_topic: Sequence[Asked],
    vectors: VectorCache,
) -> dict[str, Any]:
    """What comes of queries, of those without their answers, and of what has nothing to do with any function."""
    with tempfile.TemporaryDirectory(prefix="touchstone-mixed-") as scratch:
        live = open_live(Path(scratch), documents, vectors)
        vectors.embed([read_query(live, one.text, None).text for one in (*asked, *off_topic)])  # kept from here on
        found = [climb_one(live, one, vectors) for one in asked]
        snapshot = open_current(Path(scratch))
        emptied = [climb_one(LiveIndex(snapshot, Overlay(hidden=one.hidden)), one, vectors) for one in hidden]
        others = [climb_one(live, one, vectors) for one in off_topic]
    ranks = np.array([rank for rank, _ in found])
    return {
        "MRR@10": round(float(np.mean(np.where(ranks > 0, 1 / np.maximum(ranks, 1), 0))), 4),
        "top-1": round(float(np.mean(ranks == 1)), 4),
        "answered": share(found),
        "removed answered": share(emptied),
        "off-topic answered": share(others),
    }


def climb_one(live: LiveIndex, one: Asked, vectors: VectorCache) -> tuple[int, bool]:
    """The rank of the first right one, 0 without any, and whether the query was answered."""
    query = read_query(live, one.text, None)
    _, outcome = climb(live, query, vectors.embed([query.text])[0])
    rank = next((rank for rank, hit in enumerate(outcome.hits, start=1) if hit.id in one.right), 0)
    return rank, outcome.answered


def share(found: Sequence[tuple[int, bool]]) -> float:
    return round(sum(answered for _, answered in found) / len(found), 4)


if __name__ == "__main__":
    raise SystemExit(main())
