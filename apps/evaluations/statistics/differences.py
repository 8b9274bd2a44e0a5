"""One measure of two runs, pair by pair."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.evaluations.statistics.clusters import Clusters, Floats, gather_clusters
from apps.evaluations.statistics.effect import cohens_dz
from apps.evaluations.statistics.intervals import bca_interval
from apps.evaluations.statistics.mcnemar import clustered_mcnemar, exact_mcnemar
from apps.evaluations.statistics.permutation import sign_flip_test


@dataclass(frozen=True, slots=True)
class Difference:
    """`before` and `after` are means over the pairs; `difference` is after less before, from `low` to `high`.

    `relative` is the difference over the mean before, None where that is 0. `effect_size` is Cohen's d_z, None where
    all pairs differ alike. `method` names the test behind `p_value`: mcnemar, clustered_mcnemar or sign_flip.
    """

    before: float
    after: float
    difference: float
    low: float
    high: float
    relative: float | None
    p_value: float
    effect_size: float | None
    method: str


def compare_measure(
    before: Floats, after: Floats, groups: NDArray[np.integer[Any]] | None, *, confidence: float, seed: int
) -> Difference:
    """Exact McNemar where all values are 0 or 1, and a sign-flip permutation test otherwise.

    Latencies and costs are compared on their own scale, not on that of their logarithms: what people wait and pay is
    the mean, and a geometric mean would hide a slow tail. `relative` gives the change as a ratio.
    """
    differences = after - before
    clusters = gather_clusters(differences, groups)
    low, high = bca_interval(clusters, confidence, seed)
    method, p_value = find_p_value(clusters, is_binary(before) and is_binary(after), seed)
    mean = float(before.mean())
    return Difference(
        before=mean,
        after=float(after.mean()),
        difference=clusters.mean,
        low=low,
        high=high,
        relative=clusters.mean / mean if mean else None,
        p_value=p_value,
        effect_size=cohens_dz(differences),
        method=method,
    )


def find_p_value(clusters: Clusters, binary: bool, seed: int) -> tuple[str, float]:
    """The name of the test that fits, and its two-sided p-value."""
    if not binary:
        return "sign_flip", sign_flip_test(clusters.sums, seed)
    if len(clusters) == clusters.pairs:
        return "mcnemar", exact_mcnemar(int((clusters.sums > 0).sum()), int((clusters.sums < 0).sum()))
    return "clustered_mcnemar", clustered_mcnemar(clusters.sums)


def is_binary(values: Floats) -> bool:
    return bool(((values == 0) | (values == 1)).all())
