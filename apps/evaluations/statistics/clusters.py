"""Paired differences, gathered by the groups that cases stand and fall in."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """For each group of cases the sum of their differences and their number, both (groups,).

    Cases of one group (variants of one question) are no independent evidence: whole groups are resampled, and flip
    their sign together. A case on its own is a group of one, which makes every method here the ordinary paired one.
    """

    sums: Floats
    sizes: Floats

    def __len__(self) -> int:
        return len(self.sums)

    @property
    def pairs(self) -> int:
        return int(self.sizes.sum())

    @property
    def design(self) -> float:
        """How many times the pairs are needed that would do if all were independent and groups moved as one."""
        return float((self.sizes**2).sum() / self.sizes.sum())

    @property
    def mean(self) -> float:
        """The mean difference over all pairs."""
        return float(self.sums.sum() / self.sizes.sum())


def gather_clusters(differences: Floats, groups: NDArray[np.integer[Any]] | None) -> Clusters:
    """`differences` and `groups`, any whole numbers, have one entry a pair; without groups each pair is its own.

    Raises ValueError for no pairs, differing lengths, or a difference that is no finite number.
    """
    if not len(differences) or not np.isfinite(differences).all():
        raise ValueError("differences must be finite numbers, at least one")
    if groups is None:
        return Clusters(differences, np.ones(len(differences)))
    if len(groups) != len(differences):
        raise ValueError(f"{len(groups)} groups for {len(differences)} differences")
    ids, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(ids) == len(groups):
        return Clusters(differences, np.ones(len(differences)))
    return Clusters(np.bincount(place, weights=differences).astype(np.float64), sizes.astype(np.float64))
