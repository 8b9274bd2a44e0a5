"""Measures of one run: from columns of outcomes to figures. Needs numpy and nothing else."""

from apps.evaluations.metrics.calibration import Bin, Calibration, measure_calibration
from apps.evaluations.metrics.columns import OutcomeColumns, score_cases
from apps.evaluations.metrics.measures import Latency, Measures, measure_outcomes
from apps.evaluations.metrics.slices import slice_measures
from apps.evaluations.metrics.wilson import wilson_interval

__all__ = [
    "Bin",
    "Calibration",
    "Latency",
    "Measures",
    "OutcomeColumns",
    "measure_calibration",
    "measure_outcomes",
    "score_cases",
    "slice_measures",
    "wilson_interval",
]
