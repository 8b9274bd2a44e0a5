"""Whether right and wrong answers changed by more than chance."""

import numpy as np
from scipy import special

from apps.evaluations.statistics.clusters import Floats


def exact_mcnemar(newly_right: int, newly_wrong: int) -> float:
    """Two-sided exact p-value: the binomial test of the discordant pairs (McNemar, 1947). 1 when there are none."""
    if newly_right == newly_wrong:
        return 1.0
    return float(2 * special.bdtr(min(newly_right, newly_wrong), newly_right + newly_wrong, 0.5))


def clustered_mcnemar(sums: Floats) -> float:
    """Two-sided exact p-value for groups; `sums` has newly right less newly wrong cases of each group, (groups,).

    When nothing changed, a group is as likely to have gained as to have lost what it did. The sum over all such signs
    is distributed as the sum of one scaled binomial for each size of change, which is computed in full. Where all
    groups are single cases this is exact McNemar; Durkalski et al., "Analysis of clustered matched-pair data" (2003),
    approximate a like distribution by a normal one. Raises ValueError for sums that are no whole numbers.
    """
    if (sums != np.round(sums)).any():
        raise ValueError("sums must be whole numbers")
    sizes, counts = np.unique(np.abs(sums[sums != 0]).astype(np.int64), return_counts=True)
    if not len(sizes):
        return 1.0
    # The groups that gained, weighted by their size: twice that, less all the sizes, is the sum of the signs.
    gained = np.ones(1)
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        spread = np.zeros(size * count + 1)
        spread[::size] = toss_coins(count)
        gained = np.convolve(gained, spread)
    distance = np.abs(2 * np.arange(len(gained)) - (len(gained) - 1))
    return float(min(1.0, gained[distance >= abs(int(sums.sum()))].sum()))


def toss_coins(count: int) -> Floats:
    """The probabilities of 0 to `count` heads, (count + 1,)."""
    heads = np.arange(count + 1)
    ways = special.gammaln(count + 1) - special.gammaln(heads + 1) - special.gammaln(count - heads + 1)
    spread: Floats = np.exp(ways - count * np.log(2))
    return spread
