"""Fits the confidence of search to right and wrong answers, and judges it by cross-validation."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from apps.functions.index import LiveIndex, Overlay, open_current
from apps.functions.index.describing import weigh_evidence
from apps.functions.index.segment import Vector
from apps.functions.search.confidence import ANSWER_THRESHOLD, Evidence, confidence_of_name, estimate_confidence
from apps.functions.search.documents import Document
from apps.functions.search.query import ParsedQuery, parse_query
from apps.functions.search.tokens import split_identifier
from benchmarks.figures import save_figures
from benchmarks.search_generated import load_generated, load_short
from benchmarks.search_report import open_live, read_query
from benchmarks.search_sets import QuerySet, VectorCache, load_off_topic, load_sets

FEATURES = {
    "LEADING": ("lead", "lexical", "breadth"),
    "OF_CURATED": ("lead", "told", "alike", "lexical", "breadth"),
    "WITH_MEANING": ("semantic", "lead"),
    "BY_WORDS": ("lead",),
}
"""What each model goes by."""

NAMES = "NAMES"
COMMAND = "python -m benchmarks.search_tuning confidence"
OFF_TOPIC, REMOVED = "off topic", "removed"
OFF_TOPIC_COUNT = 1_000
TAKEN = {
    "cosqa": 1, "mbxp": 2, "snippets by sentence": 1, "snippets by sentence, whole": 1,
    "generated": 1, "short": 1,
}  # fmt: skip
"""Sets that count, and of how many queries of each one is taken."""

EMPTIED = {"cosqa": 1, "generated": 1}
"""Sets that are also asked what has nothing to do with programming, and of how many queries one is asked without the
functions that answer it."""

GENERATED, SHORT = 2_000, 1_000
RIDGE = 0.1
FOLDS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """One query: what the results look like, None for the name of a function, and whether the first is right.

    `ends` says that search ends there while there is an embedding model. Queries for functions that bear the same name
    are all in one `fold`.
    """

    group: str
    evidence: Evidence | None
    right: bool
    fold: int
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with its vector, the ids of the functions that answer it, and its fold."""

    query: ParsedQuery
    vector: Vector
    right: frozenset[int]
    fold: int


def tune_confidence(data: Path, vectors: VectorCache) -> None:
    """Each model is fitted to the queries that come to it: to meaning come those that words are not sure of."""
    models: dict[str, list[Judged]] = {title: [] for title in (NAMES, *FEATURES)}
    sets = [*load_sets(data), load_generated(GENERATED), load_short(SHORT)]
    for given in sets:
        if given.name in TAKEN:
            with tempfile.TemporaryDirectory(prefix="touchstone-confidence-") as scratch:
                judge_set(given, Path(scratch), data, vectors, models)
    held_out = np.concatenate([report(title, models[title], FEATURES[title]) for title in FEATURES])
    judged = [one for title in FEATURES for one in models[title]]
    ends = np.array([one.ends for one in judged])
    print("\nTHE LADDER")
    report_ladder([one for one in judged if one.ends], models[NAMES], held_out[ends])


def judge_set(given: QuerySet, root: Path, data: Path, vectors: VectorCache, models: dict[str, list[Judged]]) -> None:
    live = open_live(root, given.documents, vectors)
    judge_names(given, live)
    places = range(0, len(given.queries), TAKEN[given.name])
    asked = ask(live, [(given.queries[place], given.languages[place]) for place in places], vectors)
    asked = [
        replace(one, right=given.answers_of(place), fold=choose_fold(given, place))
        for one, place in zip(asked, places, strict=True)
    ]
    judge(given.name, live, asked, models)
    if given.name in EMPTIED:
        off_topic = [(query, None) for query in load_off_topic(data, OFF_TOPIC_COUNT)]
        judge(f"{OFF_TOPIC}, {given.name}", live, ask(live, off_topic, vectors), models)
        snapshot, alike = open_current(root), find_alike(given)
        for one in asked[:: EMPTIED[given.name]]:
            hidden = frozenset().union(*(alike[function] for function in one.right))
            emptied = LiveIndex(snapshot, Overlay(hidden=hidden))
            judge(f"{REMOVED}, {given.name}", emptied, [replace(one, right=frozenset())], models)


def ask(live: LiveIndex, queries: Sequence[tuple[str, str | None]], vectors: VectorCache) -> list[Asked]:
    parsed = [read_query(live, *query) for query in queries]
    embedded = vectors.embed([query.text for query in parsed])
    return [
        Asked(query, vector, frozenset(), fold=number % FOLDS)
        for number, (query, vector) in enumerate(zip(parsed, embedded, strict=True))
    ]


def choose_fold(given: QuerySet, place: int) -> int:
    """The same for all queries that are made of functions whose names have the same words."""
    return crc32(" ".join(words_of_name(given.documents[given.right[place]])).encode()) % FOLDS


def words_of_name(document: Document) -> tuple[str, ...]:
    return tuple(sorted(split_identifier(document.name)))


def find_alike(given: QuerySet) -> dict[int, frozenset[int]]:
    """With each function those whose names have the same words: in other languages they answer as well."""
    by_words: dict[tuple[str, ...], set[int]] = {}
    words = {one.id: words_of_name(one) for one in given.documents}
    for function, key in words.items():
        by_words.setdefault(key, set()).add(function)
    return {function: frozenset(by_words[key]) for function, key in words.items()}


def judge(group: str, live: LiveIndex, asked: Sequence[Asked], models: dict[str, list[Judged]]) -> None:
    """Adds each query to the models that it comes to, or to the names."""
    for one in asked:
        if (named := live.exact_matches(one.query)).answered:
            models[NAMES].append(Judged(group, None, named.hits[0].id in one.right, one.fold))
            continue
        if found := judge_one(group, live, one, None):
            evidence, by_words = found
            models["LEADING" if evidence.is_leading else "BY_WORDS"].append(replace(by_words, ends=evidence.is_sure))
            if evidence.is_sure:
                continue
        if found := judge_one(group, live, one, one.vector):
            evidence, by_meaning = found
            models["OF_CURATED" if evidence.curated else "WITH_MEANING"].append(by_meaning)


def judge_one(group: str, live: LiveIndex, one: Asked, vector: Vector | None) -> tuple[Evidence, Judged] | None:
    found = live.rank(one.query, vector)
    if not len(found):
        return None
    evidence = weigh_evidence(found)
    return evidence, Judged(group, evidence, int(found.ids[0]) in one.right, one.fold)


def judge_names(given: QuerySet, live: LiveIndex) -> None:
    """How often a query is a function's name, and is answered rightly by that alone."""
    right: dict[float, list[bool]] = {}
    for place, query in enumerate(given.queries):
        parsed = parse_query(query, language=given.languages[place], available=live.languages)
        hits = live.exact_matches(parsed, limit=10).hits
        if hits:
            is_right = not given.answers_of(place).isdisjoint(hit.id for hit in hits)
            right.setdefault(confidence_of_name(parsed.text), []).append(is_right)
    for confidence, found in sorted(right.items()):
        print(f"{given.name}: {len(found)} queries are names ({confidence}), {np.mean(found):.2f} of them rightly")


def report(title: str, judged: Sequence[Judged], features: Sequence[str]) -> NDArray[np.float64]:
    """Prints what fits best, and gives back the confidences of folds that it was not fitted to."""
    x = np.array([[getattr(one.evidence, name) or 0.0 for name in features] for one in judged])
    y = np.array([one.right for one in judged], dtype=np.float64)
    fitted = dict(zip(("intercept", *features), fit_logistic(x, y).round(2).tolist(), strict=True))
    print(f"\n{title} = {fitted}   ({len(y)} queries, {y.mean():.2f} rightly first)")
    held_out, folds = np.zeros(len(y)), np.array([one.fold for one in judged])
    for fold in range(FOLDS):
        test = folds == fold
        held_out[test] = predict(x[test], fit_logistic(x[~test], y[~test]))
    brier = np.mean((held_out - y) ** 2)
    print(f"cross-validated: expected calibration error {calibration_error(held_out, y):.3f}, Brier {brier:.3f}")
    in_use = np.array([estimate_confidence(one.evidence) for one in judged if one.evidence])
    print(f"constants in use: expected calibration error {calibration_error(in_use, y):.3f}")
    return held_out


def report_ladder(judged: Sequence[Judged], names: Sequence[Judged], held_out: NDArray[np.float64]) -> None:
    """What share of each group is refused at some thresholds by held-out confidences; a name never is."""
    in_use = np.array([estimate_confidence(one.evidence) for one in judged if one.evidence])
    y, groups = np.array([one.right for one in judged], dtype=np.float64), np.array([one.group for one in judged])
    errors = {"in use": calibration_error(in_use, y), "held out": calibration_error(held_out, y)}
    print(f"expected calibration error {errors}; refused below the threshold, held out, and by the constants in use:")
    thresholds = sorted({0.15, 0.25, 0.35, 0.5, ANSWER_THRESHOLD})
    print(f"{'':30s} queries    right  confidence" + "".join(f"{threshold:8.2f}" for threshold in thresholds))
    refused: dict[str, float] = {}
    for group in dict.fromkeys(groups.tolist()):
        own, count = held_out[groups == group], sum(one.group == group for one in (*judged, *names))
        refused[group] = float((own < ANSWER_THRESHOLD).sum() / count)
        cells = "".join(f"{(own < threshold).sum() / count:8.3f}" for threshold in thresholds)
        used = (in_use[groups == group] < ANSWER_THRESHOLD).sum() / count
        print(f"{group:30s} {count:7d} {y[groups == group].mean():8.3f} {own.mean():11.3f}{cells}  {used:8.3f}")
    save_figures("abstention", COMMAND, describe_abstention(refused, errors))


def describe_abstention(refused: dict[str, float], errors: dict[str, float]) -> dict[str, Any]:
    """The figures of the page: goals are judged over the shipped catalogue, plain code stands beside them."""
    return {
        "threshold": ANSWER_THRESHOLD,
        "off_topic_refused": refused[f"{OFF_TOPIC}, generated"],
        "removed_refused": refused[f"{REMOVED}, generated"],
        "answerable_refused": refused["generated"],
        "calibration_error": errors["held out"],
        "calibration_error_in_use": errors["in use"],
        "refused": refused,
    }


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
