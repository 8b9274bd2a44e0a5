"""Measures what search is tuned by, and refits its constants.

    python -m benchmarks.search_tuning words        BM25F: field weights, saturation, synonyms
    python -m benchmarks.search_tuning fusion       how much words and crowding count beside meaning
    python -m benchmarks.search_tuning confidence   fits and judges the confidence
    python -m benchmarks.search_tuning texts        what is embedded of a function without a description
    python -m benchmarks.search_tuning speed        milliseconds a query, seconds and memory a build

Public query sets are read from ../shared/data (TOUCHSTONE_DATA), the embedding model from var/models
(TOUCHSTONE_MODELS); vectors are kept in a temporary folder for the next run. Figures are MRR@10 unless they say else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.functions.search.bm25 import DEFAULT_PARAMETERS, FIELDS, Bm25Parameters
from apps.functions.search.fusion import DEFAULT_WEIGHTS, FusionWeights, fuse_scores
from apps.functions.search.synonyms import SYNONYM_WEIGHT
from benchmarks.options import has_data, make_parser
from benchmarks.search_confidence import tune_confidence
from benchmarks.search_matrix import Matrix, Scored, reciprocal_ranks, score_set, score_words
from benchmarks.search_sets import VectorCache, load_sets
from benchmarks.search_speed import measure_speed
from benchmarks.search_texts import tune_texts

FOLDS, REPEATS = 5, 10


@dataclass(frozen=True, slots=True)
class Source:
    """Where data and vectors come from."""

    data: Path
    models: Path
    cache: Path

    @property
    def vectors(self) -> VectorCache:
        return VectorCache(self.models, self.cache)

    def load(self) -> list[Scored]:
        vectors = self.vectors
        return [score_set(given, vectors) for given in load_sets(self.data)]


def main() -> int:
    parser = make_parser(__doc__, "data", "models", "cache")
    parser.add_argument("what", choices=sorted(COMMANDS))
    options = parser.parse_args()
    if not has_data(options.data, "retrieval"):
        return 2
    COMMANDS[options.what](Source(options.data, options.models, options.cache))
    return 0


def tune_words(source: Source) -> None:
    """One change at a time to the parameters in use."""
    sets = source.load()
    print_head("words only / fused", sets)
    for name, parameters, synonyms in word_variants():
        words = [score_words(scored, parameters, synonyms) for scored in sets]
        cells = [
            f"{reciprocal_ranks(scored, found).mean():.4f} / {reciprocal_ranks(scored, fuse(scored, found)).mean():.4f}"
            for scored, found in zip(sets, words, strict=True)
        ]
        print_row(name, cells)


def word_variants() -> list[tuple[str, Bm25Parameters, float]]:
    used = DEFAULT_PARAMETERS
    variants = [("in use", used, SYNONYM_WEIGHT)]
    variants += [(f"synonyms {weight}", used, weight) for weight in (0.0, 0.2, 0.6, 0.8)]
    for field, name in enumerate(FIELDS):
        for factor in (0.0, 0.5, 2.0):
            weights = tuple(weight * (factor if place == field else 1) for place, weight in enumerate(used.weights))
            variants.append(
                (f"{name} x {factor:g}", Bm25Parameters(weights, used.lengths, used.saturation), SYNONYM_WEIGHT)
            )
    for b in (0.25, 0.75, 1.0):
        variants.append((f"b {b}", Bm25Parameters(used.weights, (b,) * len(FIELDS), used.saturation), SYNONYM_WEIGHT))
    for k1 in (0.6, 2.0, 4.0):
        variants.append((f"k1 {k1}", Bm25Parameters(used.weights, used.lengths, k1), SYNONYM_WEIGHT))
    return variants


def tune_fusion(source: Source) -> None:
    """A grid over the two free weights, and what choosing from it by cross-validation on CoSQA is worth."""
    sets = source.load()
    words = [score_words(scored, DEFAULT_PARAMETERS, SYNONYM_WEIGHT) for scored in sets]
    print_head("words, crowding", sets)
    print_row("meaning only", [f"{reciprocal_ranks(scored, scored.cosines).mean():.4f}" for scored in sets])
    print_row("words only", [f"{reciprocal_ranks(s, found).mean():.4f}" for s, found in zip(sets, words, strict=True)])
    print_row(
        "min-max", [f"{reciprocal_ranks(s, fuse_min_max(s, w)).mean():.4f}" for s, w in zip(sets, words, strict=True)]
    )
    print_row(
        "reciprocal ranks",
        [f"{reciprocal_ranks(s, fuse_ranks(s, w)).mean():.4f}" for s, w in zip(sets, words, strict=True)],
    )
    grid = [FusionWeights(1.0, *pair) for pair in product((0.0, 0.1, 0.15, 0.2, 0.3, 0.6), (0.0, 0.1, 0.2, 0.3, 0.4))]
    on_first = []
    for weights in grid:
        found = [reciprocal_ranks(s, fuse(s, w, weights)) for s, w in zip(sets, words, strict=True)]
        on_first.append(found[0])
        mark = " <" if weights == DEFAULT_WEIGHTS else ""
        print_row(f"{weights.lexical:g}, {weights.crowding:g}{mark}", [f"{each.mean():.4f}" for each in found])
    print(f"\nchosen on {FOLDS - 1} of {FOLDS} parts of {sets[0].given.name}, measured on the other, {REPEATS} times:")
    print(f"{cross_validate(np.array(on_first)):.4f}")
    print("\ncosine of the first hundred by words, base and slope:", *stand_in(sets[0], words[0]))


def fuse(scored: Scored, words: Matrix, weights: FusionWeights = DEFAULT_WEIGHTS) -> Matrix:
    rows = zip(scored.cosines, words, strict=True)
    return np.stack([fuse_scores(cosines, own, scored.crowding, weights) for cosines, own in rows])


def fuse_min_max(scored: Scored, words: Matrix) -> Matrix:
    """Both scaled to the query's best and worst, and added: the baseline."""

    def scale(scores: Matrix) -> Matrix:
        low = scores.min(axis=1, keepdims=True)
        scaled: Matrix = (scores - low) / np.maximum(scores.max(axis=1, keepdims=True) - low, 1e-9)
        return scaled

    return scale(scored.cosines) + scale(words)


def fuse_ranks(scored: Scored, words: Matrix) -> Matrix:
    """Reciprocal rank fusion with its usual constant."""

    def ranks(scores: Matrix) -> NDArray[np.int64]:
        return np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)

    return (1 / (61 + ranks(scored.cosines)) + 1 / (61 + ranks(words))).astype(np.float32)


def cross_validate(values: NDArray[np.float64]) -> float:
    """`values` (settings, queries): the mean over queries of the setting that was best on the other folds."""
    results = []
    for seed in range(REPEATS):
        order = np.random.default_rng(seed).permutation(values.shape[1])
        for fold in range(FOLDS):
            test = order[fold::FOLDS]
            rest = np.setdiff1d(order, test)
            best = int(values[:, rest].mean(axis=1).argmax())
            results += values[best, test].tolist()
    return float(np.mean(results))


def stand_in(scored: Scored, words: Matrix) -> tuple[float, float]:
    """The line of the cosine over the share of words, among each query's first hundred documents by words."""
    best = np.argsort(-words, axis=1)[:, :100]
    x = np.take_along_axis(words, best, axis=1).ravel()
    y = np.take_along_axis(scored.cosines, best, axis=1).ravel()
    slope, base = np.polyfit(x, y, 1)
    return round(float(base), 3), round(float(slope), 3)


def print_head(first: str, sets: list[Scored]) -> None:
    print_row(first, [f"{scored.given.name} ({len(scored.given.queries)})" for scored in sets])


def print_row(first: str, cells: list[str]) -> None:
    print(f"{first:20s}" + "".join(f"{cell:>28s}" for cell in cells), flush=True)


COMMANDS: dict[str, Callable[[Source], None]] = {
    "words": tune_words,
    "fusion": tune_fusion,
    "confidence": lambda source: tune_confidence(source.data, source.vectors),
    "texts": lambda source: tune_texts(source.data, source.vectors),
    "speed": lambda source: measure_speed(source.data, source.models, source.cache),
}


if __name__ == "__main__":
    raise SystemExit(main())
