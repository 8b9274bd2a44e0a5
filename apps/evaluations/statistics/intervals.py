"""How large the difference may be."""

import numpy as np
from scipy import special

from apps.evaluations.statistics.clusters import Clusters, Floats

RESAMPLES = 10_000
LEAST_RESAMPLES = 1_000
DRAWS = 20_000_000
"""Draws in all: above 2,000 groups of many values there are fewer resamples, but not under LEAST_RESAMPLES."""
CELLS = 1_000_000
"""Bounds the memory of one portion of resamples."""
FEW_KINDS = 100
"""Up to so many kinds of groups, each of at least GROUPS_A_KIND, resamples are drawn by kind."""
GROUPS_A_KIND = 50


def bca_interval(clusters: Clusters, confidence: float, seed: int) -> tuple[float, float]:
    """The bias-corrected and accelerated bootstrap interval of the mean difference (Efron, "Better Bootstrap
    Confidence Intervals", 1987), resampling whole groups.

    The same as `scipy.stats.bootstrap(method="BCa")`, whose jackknife takes time and memory of the square of the
    number of groups: that of a mean has a closed form. The percentile interval where BCa has no finite bounds, and
    (mean, mean) where no resample can differ.
    """
    mean = clusters.mean
    jackknife = leave_one_out(clusters)
    if len(clusters) < 2 or np.ptp(jackknife) <= 1e-15 * max(1.0, abs(mean)):
        return mean, mean
    distribution = resample_means(clusters, np.random.default_rng(seed))
    return find_bounds(distribution, mean, jackknife, confidence)


def leave_one_out(clusters: Clusters) -> Floats:
    """The mean difference without each group in turn, (groups,)."""
    if len(clusters) < 2:
        return np.array([clusters.mean])
    return (clusters.sums.sum() - clusters.sums) / (clusters.sizes.sum() - clusters.sizes)


def resample_means(clusters: Clusters, random: np.random.Generator) -> Floats:
    """Mean differences of bootstrap resamples, (resamples,).

    Where groups are of few kinds, as right and wrong answers make them, how often each kind is drawn is multinomial:
    the same distribution as drawing one group after the other, in a hundredth of the time.
    """
    kinds, counts = np.unique(np.column_stack([clusters.sums, clusters.sizes]), axis=0, return_counts=True)
    if len(kinds) <= FEW_KINDS and len(kinds) * GROUPS_A_KIND <= len(clusters):
        drawn = random.multinomial(len(clusters), counts / len(clusters), size=RESAMPLES)
        return (drawn @ kinds[:, 0]) / (drawn @ kinds[:, 1])
    resamples = int(np.clip(DRAWS // len(clusters), LEAST_RESAMPLES, RESAMPLES))
    portion = max(1, CELLS // len(clusters))
    found = []
    for start in range(0, resamples, portion):
        rows = random.integers(0, len(clusters), (min(portion, resamples - start), len(clusters)))
        found.append(clusters.sums[rows].sum(axis=1) / clusters.sizes[rows].sum(axis=1))
    return np.concatenate(found)


def find_bounds(distribution: Floats, estimate: float, jackknife: Floats, confidence: float) -> tuple[float, float]:
    """The quantiles of the bootstrap distribution that BCa takes as bounds."""
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    below = ((distribution < estimate).mean() + (distribution <= estimate).mean()) / 2
    influence = jackknife.mean() - jackknife
    acceleration = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    if 0 < below < 1:
        bias = special.ndtri(below)
        shifted = bias + special.ndtri(tails)
        tails = special.ndtr(bias + shifted / (1 - acceleration * shifted))
    low, high = np.quantile(distribution, tails)
    return float(low), float(high)
