"""Many tests at once."""

from collections.abc import Sequence

import numpy as np

from apps.evaluations.statistics.clusters import Floats


def adjust_holm(p_values: Sequence[float] | Floats, weights: Sequence[float] | None = None) -> Floats:
    """p-values adjusted so that calling those below alpha significant errs anywhere at most alpha of the time.

    Holm, "A Simple Sequentially Rejective Multiple Test Procedure" (1979), with its weights: how much of alpha each
    test starts with, equal when not given. No assumption about how the tests hang together. In the order given.
    """
    given = np.asarray(p_values, dtype=np.float64)
    shares = np.ones(len(given)) if weights is None else np.asarray(weights, dtype=np.float64)
    order = np.argsort(given / shares, kind="stable")
    left = np.cumsum(shares[order][::-1])[::-1]
    adjusted = np.empty(len(given))
    adjusted[order] = np.minimum(np.maximum.accumulate(given[order] * left / shares[order]), 1.0)
    return adjusted
