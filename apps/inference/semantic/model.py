"""The fitted part of the gate: trees over the features and over what vectors and words tell, and their calibration.

`model.json` beside this file is made by `python -m benchmarks.semantic_fit`.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.inference.semantic.calibration import Calibration
from apps.inference.semantic.features import FEATURES, Features
from apps.inference.semantic.vocabulary import Axes
from apps.inference.semantic.wording import BESIDE, BUCKETS, Wording

Vector = NDArray[np.float32]
Numbers = NDArray[np.float64]
MODEL_FILE = Path(__file__).with_name("model.json")


class ModelError(Exception):
    """The fitted file does not fit this code; the message says where."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A linear model of two vectors: weights (3, dimensions) of their squared differences, products and sums."""

    weights: NDArray[np.float32]
    intercept: float

    def score(self, first: Vector, second: Vector) -> NDArray[np.float32]:
        """Of vectors (pairs, dimensions): (pairs,)."""
        squares, products, sums = self.weights
        found: NDArray[np.float32] = (first - second) ** 2 @ squares + (first * second) @ products
        found += (first + second) @ sums + np.float32(self.intercept)
        return found


class Trees(NamedTuple):
    """Decision trees in flat arrays, one number a node. A leaf leads to itself either way; `depth` steps reach one.

    `features` name the column that a node looks at: at or below its threshold it goes to `left`. `roots` are the
    trees' first nodes. The score is the sum of the leaves' values.
    """

    roots: NDArray[np.int32]
    features: NDArray[np.int32]
    thresholds: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    values: NDArray[np.float64]
    depth: int

    def score(self, columns: Numbers) -> Numbers:
        """Of columns (pairs, columns): (pairs,)."""
        from apps.inference.semantic.kernels import walk_trees

        result: Numbers = walk_trees(self, columns)
        return result


@dataclass(frozen=True, slots=True)
class Model:
    """`embedding` is the digest of the model whose vectors it was fitted to: with others it says nothing.

    `axes` are those of the vectors of pieces by which features are made.

    `threshold` is the probability from which a stored answer is given, unless the monitor has set a stricter one.
    """

    embedding: str
    axes: Axes
    meaning: Meaning
    wording: Wording
    trees: Trees
    calibration: Calibration
    threshold: float

    def estimate(self, features: Features, worded: Numbers, first: Vector, second: Vector) -> Numbers:
        """The probability that two questions mean the same, (pairs,).

        Of features (pairs, FEATURES), what `wording` says (pairs,), and vectors (pairs, dimensions).
        """
        columns = join_columns(features, self.meaning.score(first, second), worded)
        return self.calibration.apply(self.trees.score(columns))


def join_columns(features: Features, told: Vector, worded: Numbers) -> Numbers:
    """What trees read: features, and what vectors and words tell (pairs,)."""
    return np.column_stack([features, told, worded]).astype(np.float64)


@cache
def load_model(path: Path = MODEL_FILE) -> Model:
    """ModelError when the file was fitted to other features."""
    return read_model(json.loads(path.read_text("utf-8")))


def read_model(content: Mapping[str, Any]) -> Model:
    if tuple(content["features"]) != FEATURES:
        raise ModelError("model.json was fitted to other features: run python -m benchmarks.semantic_fit")
    meaning, trees, curve = content["meaning"], content["trees"], content["calibration"]
    return Model(
        embedding=content["embedding"],
        axes=read_axes(content["axes"]),
        meaning=Meaning(np.array(meaning["weights"], dtype=np.float32), meaning["intercept"]),
        wording=read_wording(content["wording"]),
        trees=read_trees(trees),
        calibration=Calibration(tuple(curve["scores"]), tuple(curve["probabilities"])),
        threshold=content["threshold"],
    )


def read_trees(content: Mapping[str, Any]) -> Trees:
    """ModelError when a node leads nowhere."""
    numbers = {name: np.array(content[name], dtype=np.int32) for name in ("roots", "features", "left", "right")}
    count = len(numbers["left"])
    if any(numbers[name].size and not 0 <= numbers[name].min() <= numbers[name].max() < count
           for name in ("roots", "left", "right")):  # fmt: skip
        raise ModelError("a node of model.json leads nowhere")
    return Trees(
        thresholds=np.array(content["thresholds"], dtype=np.float64),
        values=np.array(content["values"], dtype=np.float64),
        depth=content["depth"],
        **numbers,
    )


def read_wording(content: Mapping[str, Any]) -> Wording:
    """ModelError when it was fitted to other buckets or features."""
    weights = read_levels(content)
    if len(weights) != BUCKETS or tuple(content["beside"]) != BESIDE:
        raise ModelError("model.json was fitted to other wordings: run python -m benchmarks.semantic_fit")
    beside = np.array(list(content["beside"].values()), dtype=np.float32)
    return Wording(weights, beside, content["intercept"])


def read_axes(content: Mapping[str, Any]) -> Axes:
    mean = np.array(content["mean"], dtype=np.float32)
    return Axes(mean, read_levels(content).reshape(len(mean), -1))


def read_levels(content: Mapping[str, Any]) -> Vector:
    """Numbers kept in bytes, each of which is so many steps."""
    levels = np.frombuffer(base64.b64decode(content["levels"]), dtype=np.int8)
    return levels * np.float32(content["step"])
