"""Columns of outcomes for tests."""

from typing import Any

import numpy as np

from apps.evaluations.metrics import OutcomeColumns


def make_columns(right: Any, **given: Any) -> OutcomeColumns:
    """What is not given is the outcome of a case that is answered, ranked first when right, and free."""
    right = np.asarray(right, dtype=bool)
    count = len(right)
    columns = {
        "rank": right.astype(int),
        "score": right.astype(float),
        "answered": np.ones(count, dtype=bool),
        "confidence": np.full(count, 0.5),
        "failed": np.zeros(count, dtype=bool),
        "latency_ms": np.ones(count),
        "cost": np.zeros(count),
    }
    return OutcomeColumns(right=right, **{**columns, **{name: np.asarray(values) for name, values in given.items()}})
