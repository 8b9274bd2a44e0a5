"""Fits the coefficients of the second stage, and says what they are worth on queries that they were not fitted to.

    python -m benchmarks.search_fit [--count 3000] [--ridge 0.001]

Each set's candidates are gathered once. The coefficients, none below 0, make the right candidates of a query likelier
than the others (the softmax over its candidates); the figures are of folds that were held out, by query.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.functions.index import LiveIndex
from apps.functions.index.segment import Vector
from apps.functions.search.query import ParsedQuery
from apps.functions.search.reranking import FEATURES, score_features
from benchmarks.options import make_parser
from benchmarks.search_generated import load_generated, load_short
from benchmarks.search_report import open_live, read_query
from benchmarks.search_sets import QuerySet, VectorCache, load_sets

FOLDS = 5
MOST_QUERIES = 800
WEIGHTS = {"conala": 0.5, "short": 0.5, "generated": 3.0}
"""What sets count for beside the others, which count for 1."""

FITTED = ("fused", "told", "alike", "complete", "coded", "typed", "run")


@dataclass(frozen=True, slots=True)
class Gathered:
    """A set's queries of which a right function is among the candidates, and how many were not.

    `features` (queries, candidates, features) and `right` (queries, candidates), filled up with what is never right
    and scored below all; `kinds` say what each query is a case of.
    """

    name: str
    features: NDArray[np.float32]
    right: NDArray[np.bool_]
    filled: NDArray[np.bool_]
    kinds: NDArray[np.str_]
    missed: int


def main() -> int:
    parser = make_parser(__doc__, "data", "models", "cache")
    parser.add_argument("--count", type=int, default=3_000, help="generated cases")
    parser.add_argument("--ridge", type=float, default=1e-3)
    options = parser.parse_args()
    vectors = VectorCache(options.models, options.cache)
    sets = [*load_sets(options.data), load_generated(options.count), load_short()]
    for title, with_meaning in (("WITH_MEANING", True), ("BY_WORDS", False)):
        gathered = [gather(given, vectors, with_meaning=with_meaning) for given in sets]
        fit(title, [one for one in gathered if len(one.right)], options.ridge)
    return 0


def gather(given: QuerySet, vectors: VectorCache, *, with_meaning: bool) -> Gathered:
    places = range(0, len(given.queries), max(1, len(given.queries) // MOST_QUERIES) if not given.kinds else 1)
    with tempfile.TemporaryDirectory(prefix="touchstone-fit-") as scratch:
        live = open_live(Path(scratch), given.documents, vectors)
        queries = [read_query(live, given.queries[place], given.languages[place]) for place in places]
        embedded = vectors.embed([parsed.text for parsed in queries]) if with_meaning else [None] * len(queries)
        rows = list(rank_each(given, live, places, zip(queries, embedded, strict=True)))
    found = [(features, right, kind) for features, right, kind in rows if right.any()]
    most = max((len(right) for _, right, _ in found), default=0)
    features = np.zeros((len(found), most, len(FEATURES)), dtype=np.float32)
    right, filled = np.zeros((len(found), most), dtype=np.bool_), np.ones((len(found), most), dtype=np.bool_)
    for number, (values, correct, _) in enumerate(found):
        features[number, : len(values)], right[number, : len(values)] = values, correct
        filled[number, : len(values)] = False
    return Gathered(given.name, features, right, filled, np.array([kind for *_, kind in found]), len(rows) - len(found))


def rank_each(
    given: QuerySet, live: LiveIndex, places: Sequence[int], queries: Iterable[tuple[ParsedQuery, Vector | None]]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_], str]]:
    """Of each query that is no name: the candidates' features, which are right, and the query's kind."""
    for place, (parsed, vector) in zip(places, queries, strict=True):
        if not live.exact_matches(parsed).answered:
            ranked = live.rank(parsed, vector)
            right = np.isin(ranked.ids, list(given.answers_of(place)))
            yield ranked.features, right, given.kinds[place] if given.kinds else ""


def fit(title: str, gathered: Sequence[Gathered], ridge: float) -> None:
    with_meaning = title == "WITH_MEANING"
    sets = [design(one, with_meaning=with_meaning) for one in gathered]
    held_out = [np.zeros(len(one.right)) for one in sets]
    for fold in range(FOLDS):
        train = [np.arange(len(one.right)) % FOLDS != fold for one in sets]
        coefficients = solve(sets, train, ridge)
        for one, kept, ranks in zip(sets, train, held_out, strict=True):
            ranks[~kept] = reciprocal_ranks(one, one.features @ coefficients.astype(np.float32))[~kept]
    print(f"\n{title}: MRR@10 and top-1 of the first stage, in use, and held out")
    for raw, one, ranks in zip(gathered, sets, held_out, strict=True):
        first = reciprocal_ranks(raw, raw.features[..., FEATURES.index("fused")])
        features = raw.features.reshape(-1, len(FEATURES))
        flat = score_features(features, with_meaning=with_meaning, beside_curated=False)
        print_figures(one, first, reciprocal_ranks(raw, flat.reshape(raw.right.shape)), ranks)
    final = solve(sets, [np.ones(len(one.right), dtype=np.bool_) for one in sets], ridge)
    print({name: round(float(value / final[0]), 2) for name, value in zip(FITTED, final, strict=True)})


def design(one: Gathered, *, with_meaning: bool) -> Gathered:
    """The set with the columns that are fitted: beside meaning, all but the first are of curated functions only."""
    features = one.features[..., [FEATURES.index(name) for name in FITTED]].copy()
    if with_meaning:
        features[..., 1:] *= one.features[..., FEATURES.index("curated"), None]
    return replace(one, features=features)


def print_figures(one: Gathered, *columns: NDArray[np.float64]) -> None:
    share = len(one.right) / (len(one.right) + one.missed)
    cells = "   ".join(f"{share * ranks.mean():.4f} {share * (ranks == 1).mean():.4f}" for ranks in columns)
    print(f"  {one.name:28s} {cells}   not among the candidates: {1 - share:.4f}")
    for kind in sorted(set(one.kinds)) if one.name == "generated" else ():
        part = one.kinds == kind
        print(f"    {kind:33s} " + "          ".join(f"{(ranks[part] == 1).mean():.4f}" for ranks in columns))


def solve(sets: Sequence[Gathered], kept: Sequence[NDArray[np.bool_]], ridge: float) -> NDArray[np.float64]:
    """Coefficients, none below 0, of the columns."""
    from scipy.optimize import minimize

    parts = [
        (one.features[keep], one.right[keep], one.filled[keep], WEIGHTS.get(one.name, 1.0))
        for one, keep in zip(sets, kept, strict=True)
    ]
    total = sum(weight for *_, weight in parts)

    def measure(coefficients: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        loss, gradient = ridge * float(coefficients @ coefficients), 2 * ridge * coefficients
        for features, right, filled, weight in parts:
            one, slope = softmax_loss(features, right, filled, coefficients)
            loss, gradient = loss + weight / total * one, gradient + weight / total * slope
        return loss, gradient

    bounds = [(0.0, None)] * len(FITTED)
    solved: NDArray[np.float64] = minimize(
        measure, np.full(len(FITTED), 3.0), jac=True, bounds=bounds, method="L-BFGS-B"
    ).x
    return solved


def softmax_loss(
    features: NDArray[np.float32],
    right: NDArray[np.bool_],
    filled: NDArray[np.bool_],
    coefficients: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """The mean of -log of the right candidates' share of the softmax, and its gradient."""
    scores = np.where(filled, -np.inf, features @ coefficients.astype(np.float32))
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    of_all = shares / shares.sum(axis=1, keepdims=True)
    correct = np.where(right, shares, 0)
    mass = np.maximum(correct.sum(axis=1, keepdims=True), 1e-12)
    loss = -np.log(np.maximum((of_all * right).sum(axis=1), 1e-12)).mean()
    slope = np.einsum("qc,qcf->f", of_all - correct / mass, features) / len(features)
    return float(loss), slope.astype(np.float64)


def reciprocal_ranks(one: Gathered, values: NDArray[np.float32]) -> NDArray[np.float64]:
    scores = np.where(one.filled, -np.inf, values)
    best = np.where(one.right, scores, -np.inf).max(axis=1, keepdims=True)
    rank = 1 + (scores > best).sum(axis=1)
    return np.where(rank <= 10, 1 / rank, 0.0)


if __name__ == "__main__":
    raise SystemExit(main())
