"""Fits the gate of the semantic cache to pairs of questions, and writes apps/inference/semantic/model.json.

    python -m benchmarks.semantic_fit [--data DIR] [--models DIR] [--dry-run]

A linear model reads the two vectors, another the words; trees read what they say, made without the pair itself, and the
features. The trees are fitted to pairs that the rules let through, as they judge no others. All are judged over folds
that share no question. What is written is fitted to all folds, its calibration to the held-out scores.
"""

import argparse
import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from apps.inference.embedding import load_embedder
from apps.inference.semantic.calibration import Calibration, choose_threshold, fit_calibration
from apps.inference.semantic.features import FEATURES
from apps.inference.semantic.model import MODEL_FILE, Meaning, Model, join_columns, read_model, read_trees
from apps.inference.semantic.wording import BESIDE, PLACES, Wording
from benchmarks.figures import ROOT
from benchmarks.options import SCRATCH, has_data, make_parser
from benchmarks.semantic_pairs import FILE, FOLDS, PARTS, Pairs, find_levels, load_pairs

RIDGE = 1_000.0
WORDING_RIDGE, WORDING_STEPS = 10.0, 40
SCALES = (100.0, 100.0, 5.0)
"""What brings squared differences, products and sums of vectors to sizes that one ridge suits."""

MOST_FALSE = 0.05
"""The share of false hits that the default threshold is chosen for, over questions none of which was seen."""

SETTINGS: dict[str, Any] = {
    "objective": "binary", "num_leaves": 10, "learning_rate": 0.05, "min_data_in_leaf": 60, "bagging_fraction": 0.7,
    "bagging_freq": 1, "feature_fraction": 0.25, "lambda_l2": 5.0, "max_bin": 63, "num_threads": 1, "verbose": -1,
    "seed": 1, "deterministic": True,
}  # fmt: skip
ROUNDS = 250
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Scores of pairs by models that had not seen their questions, and the model of all pairs."""

    held_out: Numbers
    meaning: Meaning
    wording: Wording
    trees: dict[str, Any]


def main() -> int:
    options = read_options(__doc__)
    if not has_data(options.data, FILE):
        return 2
    pairs = load_pairs(options.data, options.models, options.cache)
    fitted = fit_pairs(pairs)
    content = write_model(pairs, fitted, load_embedder(options.models).digest)
    report(pairs, read_model(content), fitted.held_out)
    if not options.dry_run:
        MODEL_FILE.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
        print(f"{MODEL_FILE.relative_to(ROOT)}: {MODEL_FILE.stat().st_size / 1e3:.0f} KB")
    return 0


def read_options(purpose: str | None) -> argparse.Namespace:
    parser = make_parser(purpose, "data", "models", "cache")
    parser.set_defaults(cache=SCRATCH / "touchstone-semantic")
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    return parser.parse_args()


def fit_pairs(pairs: Pairs) -> Fitted:
    """Held out: each fold by a model of the others. In training, the linear score of a pair is of other parts."""
    sums = {(fold, part): sum_products(pairs, (pairs.folds == fold) & (pairs.parts == part))
            for fold in range(FOLDS) for part in range(PARTS)}  # fmt: skip
    held_out = np.zeros(len(pairs.same))
    for fold in range(FOLDS):
        tested = pairs.folds == fold
        others = [other for other in range(FOLDS) if other != fold]
        told, worded = tell_meaning(pairs, sums, others)[0], tell_wording(pairs, others)[0]
        trees = read_trees(grow_trees(pairs, told, worded, ~tested))
        held_out[tested] = trees.score(gather_columns(pairs, told, worded, tested))
    told, meaning = tell_meaning(pairs, sums, range(FOLDS))
    worded, wording = tell_wording(pairs, range(FOLDS))
    return Fitted(held_out, meaning, wording, grow_trees(pairs, told, worded, np.ones(len(told), dtype=np.bool_)))


def gather_columns(pairs: Pairs, told: NDArray[np.float32], worded: Numbers, rows: Flags) -> Numbers:
    return join_columns(pairs.features[rows], told[rows], worded[rows])


def read_vectors(pairs: Pairs, rows: Flags) -> NDArray[np.float32]:
    """What the linear model is fitted to, scaled, with a last column of ones."""
    first, second = pairs.vectors[pairs.first[rows]], pairs.vectors[pairs.second[rows]]
    parts = ((first - second) ** 2, first * second, first + second)
    scaled = [np.float32(scale) * part for scale, part in zip(SCALES, parts, strict=True)]
    return np.column_stack([*scaled, np.ones(len(first), dtype=np.float32)])


def sum_products(pairs: Pairs, rows: Flags) -> tuple[Numbers, Numbers]:
    """The sums that least squares needs: they add up over parts."""
    design = read_vectors(pairs, rows)
    labels = pairs.same[rows].astype(np.float32)
    return (design.T @ design).astype(np.float64), (design.T @ labels).astype(np.float64)


def tell_meaning(
    pairs: Pairs, sums: dict[tuple[int, int], tuple[Numbers, Numbers]], folds: Sequence[int]
) -> tuple[NDArray[np.float32], Meaning]:
    """Each pair's linear score, by a model of these folds without its own part of its own fold; and the model."""
    keys = [key for key in sums if key[0] in folds]
    meaning = solve_meaning([sums[key] for key in keys])
    told = score_meaning(pairs, meaning)
    for part in range(PARTS):
        rows = np.isin(pairs.folds, list(folds)) & (pairs.parts == part)
        without = solve_meaning([sums[key] for key in keys if key[1] != part])
        told[rows] = score_meaning(pairs, without)[rows]
    return told, meaning


def solve_meaning(sums: Sequence[tuple[Numbers, Numbers]]) -> Meaning:
    """Least squares with a ridge on all but the intercept."""
    products, targets = (np.sum([part[place] for part in sums], axis=0) for place in range(2))
    ridge = np.full(len(targets), RIDGE)
    ridge[-1] = 0.0
    solved = np.linalg.solve(products + np.diag(ridge), targets)
    weights = solved[:-1].reshape(3, -1) * np.array(SCALES)[:, None]
    return Meaning(round_to(weights, 5).astype(np.float32), float(round_to(solved[-1:], 5)[0]))


def score_meaning(pairs: Pairs, meaning: Meaning) -> NDArray[np.float32]:
    return meaning.score(pairs.vectors[pairs.first], pairs.vectors[pairs.second])


def tell_wording(pairs: Pairs, folds: Sequence[int]) -> tuple[Numbers, Wording]:
    """As tell_meaning, of words."""
    fitted = np.isin(pairs.folds, list(folds))
    wording = fit_wording(pairs, fitted)
    worded = score_wording(pairs, wording)
    for part in range(PARTS):
        own = fitted & (pairs.parts == part)
        worded[own] = score_wording(pairs, fit_wording(pairs, fitted & (pairs.parts != part)))[own]
    return worded, wording


def fit_wording(pairs: Pairs, rows: Flags) -> Wording:
    """Logistic regression with a ridge on all but the intercept."""
    beside = pairs.features[:, PLACES]
    scales = beside.std(axis=0)
    words, others, labels = pairs.wordings[rows], beside[rows] / scales, pairs.same[rows].astype(np.float64)
    turned, size = words.T.tocsr(), words.shape[1]

    def measure(weights: Numbers) -> tuple[float, Numbers]:
        scores = words @ weights[:size] + others @ weights[size:-1] + weights[-1]
        off = 1 / (1 + np.exp(-scores)) - labels
        ridge = WORDING_RIDGE * np.append(weights[:-1], 0.0)
        loss = np.logaddexp(0, scores).sum() - labels @ scores + ridge @ weights / 2
        return float(loss), np.concatenate([turned @ off, off @ others, [off.sum()]]) + ridge

    start = np.zeros(size + others.shape[1] + 1)
    found = minimize(measure, start, jac=True, method="L-BFGS-B", options={"maxiter": WORDING_STEPS}).x
    levels, step = find_levels(found[:size].astype(np.float32))
    return Wording(levels * np.float32(step), (found[size:-1] / scales).astype(np.float32), float(found[-1]))


def score_wording(pairs: Pairs, wording: Wording) -> Numbers:
    words, beside = pairs.wordings @ wording.weights, pairs.features[:, PLACES] @ wording.beside
    scores: Numbers = (words + beside + wording.intercept).astype(np.float64)
    return scores


def grow_trees(pairs: Pairs, told: NDArray[np.float32], worded: Numbers, rows: Flags) -> dict[str, Any]:
    """The trees as `read_trees` takes them, fitted to those of the rows that the rules let through."""
    import lightgbm

    rows = rows & pairs.passes
    data = lightgbm.Dataset(gather_columns(pairs, told, worded, rows), pairs.same[rows].astype(int), params=SETTINGS)
    booster = lightgbm.train(SETTINGS, data, num_boost_round=ROUNDS)
    return flatten([tree["tree_structure"] for tree in booster.dump_model()["tree_info"]])


def flatten(trees: Sequence[dict[str, Any]]) -> dict[str, Any]:
    flat: dict[str, Any] = {name: [] for name in ("roots", "features", "thresholds", "left", "right", "values")}
    depths = []
    for tree in trees:
        flat["roots"].append(len(flat["features"]))
        depths.append(add_node(flat, tree))
    return {**flat, "depth": max(depths)}


def add_node(flat: dict[str, Any], node: dict[str, Any]) -> int:
    """Adds a node and all below it; how many steps the deepest leaf is away."""
    number, is_leaf = len(flat["features"]), "leaf_value" in node
    flat["features"].append(0 if is_leaf else node["split_feature"])
    flat["thresholds"].append(0.0 if is_leaf else float(f"{node['threshold']:.7g}"))
    flat["values"].append(float(f"{node['leaf_value']:.4g}") if is_leaf else 0.0)
    flat["left"].append(number)
    flat["right"].append(number)
    if is_leaf:
        return 0
    flat["left"][number] = len(flat["features"])
    left = add_node(flat, node["left_child"])
    flat["right"][number] = len(flat["features"])
    return 1 + max(left, add_node(flat, node["right_child"]))


def write_model(pairs: Pairs, fitted: Fitted, digest: str) -> dict[str, Any]:
    curve = fit_calibration(fitted.held_out[pairs.passes], pairs.same[pairs.passes])
    scores = round_to(np.array(curve.scores), 5).tolist()
    calibration = Calibration(tuple(scores), tuple(round_to(np.array(curve.probabilities), 4).tolist()))
    probabilities = calibration.apply(fitted.held_out[pairs.passes])
    return {
        "embedding": digest,
        "features": list(FEATURES),
        "axes": {"mean": shorten(pairs.axes.mean[None])[0], **write_levels(pairs.axes.axes)},
        "meaning": {"weights": shorten(fitted.meaning.weights), "intercept": fitted.meaning.intercept},
        "wording": write_wording(fitted.wording),
        "trees": fitted.trees,
        "calibration": {"scores": scores, "probabilities": list(calibration.probabilities)},
        "threshold": round(choose_threshold(probabilities, pairs.same[pairs.passes], MOST_FALSE), 4),
    }


def write_wording(wording: Wording) -> dict[str, Any]:
    return {
        **write_levels(wording.weights),
        "beside": {name: float(f"{value:.5g}") for name, value in zip(BESIDE, wording.beside, strict=True)},
        "intercept": round(wording.intercept, 5),
    }


def write_levels(values: NDArray[np.float32]) -> dict[str, Any]:
    levels, step = find_levels(values)
    return {"levels": base64.b64encode(levels.tobytes()).decode(), "step": step}


def shorten(weights: NDArray[np.float32]) -> list[list[float]]:
    return [[float(f"{value:.5g}") for value in row] for row in weights]


def round_to(values: Numbers, digits: int) -> Numbers:
    return np.array([float(f"{value:.{digits}g}") for value in values.ravel()]).reshape(values.shape)


def report(pairs: Pairs, model: Model, held_out: Numbers) -> None:
    probabilities = np.where(pairs.passes, model.calibration.apply(held_out), 0.0)
    print(f"threshold {model.threshold}: held out, over {len(held_out):,} pairs")
    for threshold in sorted({0.5, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, model.threshold}):
        hits = probabilities >= threshold
        print(f"  {threshold:.4f}: {hits.mean():.3%} hit, {1 - pairs.same[hits].mean():.2%} of them false")


if __name__ == "__main__":
    raise SystemExit(main())
