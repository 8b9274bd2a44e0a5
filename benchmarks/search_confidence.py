"""Fits the confidence of search to right and wrong answers, and judges it by cross-validation."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.functions.index import LiveIndex, Overlay, build_index, open_current
from apps.functions.index.describing import weigh_evidence
from apps.functions.index.segment import Vector
from apps.functions.search.confidence import ANSWER_THRESHOLD, Evidence, confidence_of_name, estimate_confidence
from apps.functions.search.query import ParsedQuery, parse_query
from benchmarks.search_sets import QuerySet, VectorCache, load_off_topic, load_sets

FEATURES = ("semantic", "lead")
OFF_TOPIC = "off topic"
OFF_TOPIC_COUNT = 500
TAKEN = {"cosqa": 1, "mbxp": 9, "snippets by sentence": 4}
"""Sets that count, and of how many queries of each one is taken, so that web queries make up half of the answerable."""
RIDGE = 0.1
FOLDS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """One query: what the results look like, and whether the first is right."""

    group: str
    evidence: Evidence
    right: bool


def tune_confidence(data: Path, vectors: VectorCache) -> None:
    sets = [given for given in load_sets(data) if given.name in TAKEN]
    with tempfile.TemporaryDirectory(prefix="touchstone-confidence-") as scratch:
        lives = [build_live(Path(scratch) / str(number), given, vectors) for number, given in enumerate(sets)]
        for given, live in zip(sets, lives, strict=True):
            judge_names(given, live)
        for title, with_meaning in (("WITH_MEANING", True), ("BY_WORDS", False)):
            judged = [
                one
                for given, live in zip(sets, lives, strict=True)
                for one in judge_set(given, live, vectors if with_meaning else None)
            ]
            judged += judge_off_topic(data, lives[0], vectors if with_meaning else None)
            report(title, judged, FEATURES if with_meaning else FEATURES[1:])


def build_live(root: Path, given: QuerySet, vectors: VectorCache) -> LiveIndex:
    entries = zip(given.documents, vectors.embed_documents(given.documents), strict=True)
    build_index(root, entries, model_digest="benchmark", watermark=0)
    return LiveIndex(open_current(root), Overlay())


def judge_set(given: QuerySet, live: LiveIndex, vectors: VectorCache | None) -> Iterator[Judged]:
    step = TAKEN[given.name]
    places = range(0, len(given.queries), step)
    queries = [given.queries[place] for place in places]
    embedded = vectors.embed_queries(queries) if vectors else [None] * len(queries)
    for place, query, vector in zip(places, queries, embedded, strict=True):
        parsed = parse_query(query, language=given.languages[place], available=live.languages)
        evidence, first = find_evidence(live, parsed, vector)
        yield Judged(given.name, evidence, first == given.documents[int(given.right[place])].id)


def judge_off_topic(data: Path, live: LiveIndex, vectors: VectorCache | None) -> Iterator[Judged]:
    queries = load_off_topic(data, OFF_TOPIC_COUNT)
    embedded = vectors.embed_queries(queries) if vectors else [None] * len(queries)
    for query, vector in zip(queries, embedded, strict=True):
        evidence, _ = find_evidence(live, parse_query(query, available=live.languages), vector)
        yield Judged(OFF_TOPIC, evidence, False)


def find_evidence(live: LiveIndex, query: ParsedQuery, vector: Vector | None) -> tuple[Evidence, int]:
    found = live.rank(query, vector)
    if not found.best:
        return Evidence(None, 0.0), 0
    first = found.best[0]
    return weigh_evidence(found), int(found.parts[first.part].segment.ids[first.row])


def judge_names(given: QuerySet, live: LiveIndex) -> None:
    """How often a query is a function's name, and is answered rightly by that alone."""
    right: dict[float, list[bool]] = {}
    for place, query in enumerate(given.queries):
        parsed = parse_query(query, language=given.languages[place], available=live.languages)
        hits = live.exact_matches(parsed, limit=10).hits
        if hits:
            wanted = given.documents[int(given.right[place])].id
            right.setdefault(confidence_of_name(parsed.text), []).append(wanted in [hit.id for hit in hits])
    for confidence, found in sorted(right.items()):
        print(f"{given.name}: {len(found)} queries are names ({confidence}), {np.mean(found):.2f} of them rightly")


def report(title: str, judged: Sequence[Judged], features: Sequence[str]) -> None:
    x = np.array([[getattr(one.evidence, name) or 0.0 for name in features] for one in judged])
    y = np.array([one.right for one in judged], dtype=np.float64)
    groups = np.array([one.group for one in judged])
    fitted = dict(zip(("intercept", *features), fit_logistic(x, y).round(2).tolist(), strict=True))
    print(f"\n{title} = {fitted}   ({len(y)} queries, {y.mean():.2f} rightly first)")
    held_out = np.zeros(len(y))
    order = np.random.default_rng(0).permutation(len(y))
    for fold in range(FOLDS):
        test = order[fold::FOLDS]
        rest = np.setdiff1d(order, test)
        held_out[test] = predict(x[test], fit_logistic(x[rest], y[rest]))
    brier = np.mean((held_out - y) ** 2)
    print(f"cross-validated: expected calibration error {calibration_error(held_out, y):.3f}, Brier {brier:.3f}")
    in_use = np.array([estimate_confidence(one.evidence) for one in judged])
    print(f"constants in use: expected calibration error {calibration_error(in_use, y):.3f}")
    for group in dict.fromkeys(groups):
        part = groups == group
        print(f"  {group}: mean confidence {held_out[part].mean():.3f}, rightly first {y[part].mean():.3f}")
    print_thresholds(held_out, y, groups)


def print_thresholds(confidence: NDArray[np.float64], y: NDArray[np.float64], groups: NDArray[np.str_]) -> None:
    off = groups == OFF_TOPIC
    print("  threshold   answered (web)  precision (web)   answered (all on topic)  precision   off topic answered")
    for threshold in sorted({0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, ANSWER_THRESHOLD}):
        sure = confidence >= threshold
        web = groups == "cosqa"
        cells = (sure[web].mean(), mean(y[web & sure]), sure[~off].mean(), mean(y[~off & sure]), sure[off].mean())
        mark = " <" if threshold == ANSWER_THRESHOLD else ""
        print(f"  {threshold:9.2f}" + "".join(f"{cell:17.3f}" for cell in cells) + mark)


def mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def fit_logistic(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intercept and coefficients, none of them below 0: a feature that would have such a one is left out."""
    kept = list(range(x.shape[1]))
    while True:
        solved = solve_logistic(x[:, kept], y)
        if not kept or solved[1:].min() >= 0:
            result = np.zeros(x.shape[1] + 1)
            result[[0, *(place + 1 for place in kept)]] = solved
            return result
        del kept[int(solved[1:].argmin())]


def solve_logistic(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Newton's method, with a little ridge on all but the intercept."""
    design = np.column_stack([np.ones(len(x)), x])
    ridge = np.diag([0.0, *[RIDGE] * x.shape[1]])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (p - y) + ridge @ weights
        curvature = (design * (p * (1 - p))[:, None]).T @ design + ridge
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def predict(x: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 1 / (1 + np.exp(-(weights[0] + x @ weights[1:])))
    return result


def calibration_error(confidence: NDArray[np.float64], y: NDArray[np.float64], bins: int = 10) -> float:
    """The mean distance of confidence and truth over bins of equal width, weighted by their queries."""
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    parts = [which == number for number in range(bins) if (which == number).any()]
    return float(sum(abs(confidence[part].mean() - y[part].mean()) * part.mean() for part in parts))
