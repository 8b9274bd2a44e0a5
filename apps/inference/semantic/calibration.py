"""From a model's score to the probability that two questions mean the same, and the threshold for a share of errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A curve that never falls: at each of the rising `scores` its probability, straight lines between."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.scores) != len(self.probabilities) or not self.scores:
            raise ValueError("a calibration has as many probabilities as scores, and at least one")
        if any(low >= high for low, high in zip(self.scores, self.scores[1:], strict=False)):
            raise ValueError("the scores of a calibration rise")
        if any(low > high for low, high in zip(self.probabilities, self.probabilities[1:], strict=False)):
            raise ValueError("the probabilities of a calibration do not fall")
        if not 0 <= self.probabilities[0] <= self.probabilities[-1] <= 1:
            raise ValueError("the probabilities of a calibration lie between 0 and 1")

    def apply(self, scores: Numbers) -> Numbers:
        result: Numbers = np.interp(scores, self.scores, self.probabilities)
        return result


def fit_calibration(scores: Numbers, same: NDArray[np.bool_], knots: int = 40) -> Calibration:
    """Isotonic regression (Ayer et al., Annals of Mathematical Statistics 26, 1955) over groups of alike scores.

    Groups of the highest scores are smaller, since that is where thresholds are. ValueError without any score.
    """
    if not len(scores):
        raise ValueError("nothing to calibrate by")
    order = np.argsort(-scores, kind="stable")
    ends = np.unique(np.geomspace(max(len(scores) / 400, 1), len(scores), knots).astype(int))
    groups = [group for group in np.split(order, ends[:-1]) if len(group)][::-1]
    levels = pool([float(same[group].mean()) for group in groups], [len(group) for group in groups])
    curve: dict[float, float] = {}
    for group, level in zip(groups, levels, strict=True):
        score = float(np.median(scores[group]))
        curve[score] = max(level, curve.get(score, 0.0))
    return Calibration(tuple(curve), tuple(curve.values()))


def pool(levels: Sequence[float], weights: Sequence[int]) -> list[float]:
    """The nearest levels that never fall, in weighted squares: neighbours that fall share their mean."""
    blocks: list[tuple[float, int, int]] = []
    for level, weight in zip(levels, weights, strict=True):
        block = (level, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            before, total = blocks.pop(), block[1]
            mean = (before[0] * before[1] + block[0] * total) / (before[1] + total)
            block = (mean, before[1] + total, before[2] + block[2])
        blocks.append(block)
    return [level for level, _, count in blocks for _ in range(count)]


def choose_threshold(probabilities: Numbers, same: NDArray[np.bool_], most_false: float) -> float:
    """The lowest probability at or above which no more than `most_false` of the pairs are different ones; 1 if none."""
    order = np.argsort(-probabilities, kind="stable")
    false = np.cumsum(~same[order]) / np.arange(1, len(order) + 1)
    last_of_level = np.append(probabilities[order][1:] < probabilities[order][:-1], True)
    kept = np.flatnonzero((false <= most_false) & last_of_level)
    return float(probabilities[order][kept[-1]]) if len(kept) else 1.0
