"""Many tests at once."""

from collections.abc import Sequence

import numpy as np

from apps.evaluations.statistics.clusters import Floats


def adjust_holm(p_values: Sequence[float] | Floats) -> Floats:
    """p-values adjusted so that calling those below alpha significant errs anywhere at most alpha of the time.

    Holm, "A Simple Sequentially Rejective Multiple Test Procedure" (1979); no assumption about how the tests hang
    together. Returned in the order given.
    """
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    stepped = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    adjusted = np.empty(len(given))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
