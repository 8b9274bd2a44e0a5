"""The figures of a run."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.evaluations.metrics.calibration import Calibration, measure_calibration
from apps.evaluations.metrics.columns import Floats, OutcomeColumns, score_cases
from apps.evaluations.metrics.wilson import wilson_interval

DIGITS = 6
"""Ratios and dollars are rounded to a millionth."""
DIGITS_OF_TIME = 3
"""Milliseconds are rounded to a thousandth."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds a case, over the cases that did not fail; None where there are none."""

    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Measures:
    """Shares are from 0 to 1, and None where there is nothing to take a share of.

    `accuracy` is of first answers, with its 95 % interval; `precision_answered` the accuracy among the answered;
    `calibration` is over the cases that did not fail; `success_rate` the share that did not; `cost` the total in US
    dollars.
    """

    cases: int
    accuracy: float | None
    accuracy_interval: tuple[float, float] | None
    recall_at_5: float | None
    mrr_at_10: float | None
    answered: float | None
    precision_answered: float | None
    calibration: Calibration
    mean_relevance: float | None
    success_rate: float | None
    cases_per_second: float | None
    latency_ms: Latency
    cost: float

    def as_dict(self) -> dict[str, Any]:
        """Rounded and ready for JSON."""
        interval = self.accuracy_interval
        return {
            "cases": self.cases,
            "accuracy": _round(self.accuracy),
            "accuracy_interval": [_round(bound) for bound in interval] if interval else None,
            "recall_at_5": _round(self.recall_at_5),
            "mrr_at_10": _round(self.mrr_at_10),
            "answered": _round(self.answered),
            "precision_answered": _round(self.precision_answered),
            "calibration": _show_calibration(self.calibration),
            "mean_relevance": _round(self.mean_relevance),
            "success_rate": _round(self.success_rate),
            "cases_per_second": _round(self.cases_per_second, DIGITS_OF_TIME),
            "latency_ms": {
                name: _round(getattr(self.latency_ms, name), DIGITS_OF_TIME) for name in ("mean", "p50", "p95", "p99")
            },
            "cost": _round(self.cost),
        }


def measure_outcomes(columns: OutcomeColumns, *, seconds: float | None) -> Measures:
    """Every measure of these outcomes. `seconds` is how long the run took, None where that means nothing."""
    scores = score_cases(columns)
    ran = ~columns.failed
    right = int(columns.right.sum())
    return Measures(
        cases=len(columns),
        accuracy=_mean(scores["accuracy"]),
        accuracy_interval=wilson_interval(right, len(columns)) if len(columns) else None,
        recall_at_5=_mean(scores["recall_at_5"]),
        mrr_at_10=_mean(scores["mrr_at_10"]),
        answered=_mean(scores["answered"]),
        precision_answered=_mean(scores["accuracy"][columns.answered]),
        calibration=measure_calibration(columns.confidence[ran], columns.right[ran]),
        mean_relevance=_mean(scores["mean_relevance"]),
        success_rate=_mean(scores["success_rate"]),
        cases_per_second=len(columns) / seconds if seconds else None,
        latency_ms=measure_latency(columns.latency_ms[ran]),
        cost=float(columns.cost.sum()),
    )


def measure_latency(milliseconds: Floats) -> Latency:
    """Percentiles are interpolated between the two nearest cases."""
    if not len(milliseconds):
        return Latency(None, None, None, None)
    p50, p95, p99 = (float(value) for value in np.percentile(milliseconds, [50, 95, 99]))
    return Latency(float(milliseconds.mean()), p50, p95, p99)


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None


def _round(value: float | None, digits: int = DIGITS) -> float | None:
    return None if value is None else round(value, digits)


def _show_calibration(calibration: Calibration) -> dict[str, Any]:
    return {
        "ece": _round(calibration.ece),
        "bins": [
            {"confidence": _round(one.confidence), "accuracy": _round(one.accuracy), "cases": one.cases}
            for one in calibration.bins
        ],
    }
