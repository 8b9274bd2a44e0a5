"""The fitted part of the gate: trees over the features and over what the two vectors tell, and their calibration.

`model.json` beside this file is made by `python -m benchmarks.semantic_fit`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.inference.semantic.calibration import Calibration
from apps.inference.semantic.features import FEATURES, Features

Vector = NDArray[np.float32]
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


@dataclass(frozen=True, slots=True)
class Trees:
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

    def score(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of columns (pairs, columns): (pairs,)."""
        rows = np.arange(len(columns))[:, None]
        node = np.broadcast_to(self.roots, (len(columns), len(self.roots)))
        for _ in range(self.depth):
            lower = columns[rows, self.features[node]] <= self.thresholds[node]
            node = np.where(lower, self.left[node], self.right[node])
        result: NDArray[np.float64] = self.values[node].sum(axis=1)
        return result


@dataclass(frozen=True, slots=True)
class Model:
    """`embedding` is the digest of the model whose vectors it was fitted to: with others it says nothing.

    `threshold` is the probability from which a stored answer is given, unless the monitor has set a stricter one.
    """

    embedding: str
    meaning: Meaning
    trees: Trees
    calibration: Calibration
    threshold: float

    def score(self, features: Features, first: Vector, second: Vector) -> NDArray[np.float64]:
        """Of features (pairs, FEATURES) and vectors (pairs, dimensions): a number that is higher for the same."""
        told = self.meaning.score(first, second)
        return self.trees.score(np.column_stack([features, told]).astype(np.float64))

    def estimate(self, features: Features, first: Vector, second: Vector) -> NDArray[np.float64]:
        """The same as a probability that the two questions mean the same."""
        return self.calibration.apply(self.score(features, first, second))


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
        meaning=Meaning(np.array(meaning["weights"], dtype=np.float32), meaning["intercept"]),
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
