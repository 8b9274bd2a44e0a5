"""Two runs of the same cases, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.evaluations.statistics.clusters import Floats

Slices = Mapping[tuple[str, str], NDArray[np.bool_]]
"""For each dimension and value, which pairs belong to it, (pairs,)."""


@dataclass(frozen=True, slots=True)
class PairedColumns:
    """`measures` has by name what each case scored before and after, both (pairs,); numbers or bools, all finite.

    `groups` has a whole number a pair; pairs of the same number stand and fall together. None when each is its own.
    """

    measures: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]
    groups: NDArray[np.integer[Any]] | None = None

    @property
    def pairs(self) -> int:
        return len(next(iter(self.measures.values()))[0])

    def read(self, name: str) -> tuple[Floats, Floats]:
        before, after = self.measures[name]
        return before.astype(np.float64), after.astype(np.float64)


def check_pairs(columns: PairedColumns, primary: str, slices: Slices) -> None:
    """Raises ValueError for no pairs, lengths that differ, and a primary measure that is not one from 0 to 1."""
    if primary not in columns.measures:
        raise ValueError(f"{primary} is none of the measures {', '.join(columns.measures)}")
    arrays = [values for both in columns.measures.values() for values in both] + list(slices.values())
    if columns.groups is not None:
        arrays.append(columns.groups)
    lengths = {len(array) for array in arrays}
    if len(lengths) > 1 or not columns.pairs:
        raise ValueError(f"measures, groups and slices must be of one length above 0, not {sorted(lengths)}")
    for values in columns.read(primary):
        if not ((values >= 0) & (values <= 1)).all():
            raise ValueError(f"{primary} must be from 0 to 1")
