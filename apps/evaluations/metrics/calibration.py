"""Whether a confidence of 0.8 is right in eight of ten cases."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases of like confidence: their mean confidence, and the share of them that is right."""

    confidence: float
    accuracy: float
    cases: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """The expected calibration error, from 0 (as sure as it is right) to 1, and the bins it comes from."""

    ece: float | None
    bins: tuple[Bin, ...]


def measure_calibration(confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS) -> Calibration:
    """The expected calibration error over bins of equal mass (Nixon et al., "Measuring Calibration", 2019).

    Cases of equal confidence share a bin, so that the order of cases changes nothing; there are fewer bins where
    confidences are few. Both arrays have one row a case; without any the error is None.
    """
    if not len(confidence):
        return Calibration(None, ())
    order = np.argsort(confidence, kind="stable")
    confidence, right = confidence[order], right[order]
    cuts = [round(part * len(confidence) / bins) for part in range(1, bins + 1)]
    ends = sorted({int(np.searchsorted(confidence, confidence[cut - 1], side="right")) for cut in cuts if cut})
    found = tuple(
        Bin(float(confidence[start:end].mean()), float(right[start:end].mean()), end - start)
        for start, end in zip([0, *ends[:-1]], ends, strict=True)
    )
    gap = sum(abs(one.confidence - one.accuracy) * one.cases for one in found)
    return Calibration(gap / len(confidence), found)
