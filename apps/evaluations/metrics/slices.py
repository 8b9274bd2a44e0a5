"""The figures of parts of a run."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.evaluations.metrics.columns import OutcomeColumns
from apps.evaluations.metrics.measures import measure_outcomes


def slice_measures(
    columns: OutcomeColumns, dimensions: Mapping[str, Sequence[str | Collection[str]]]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Measures, as dicts, by dimension and value, values in alphabetical order.

    A dimension (language, tag, ...) has for every case its value or its values; an empty one puts the case in no
    slice. Raises ValueError when a dimension has more or fewer entries than there are cases.
    """
    return {
        dimension: {
            value: measure_outcomes(columns.take(rows), seconds=None).as_dict()
            for value, rows in find_slices(values, len(columns)).items()
        }
        for dimension, values in dimensions.items()
    }


def find_slices(values: Sequence[str | Collection[str]], cases: int) -> dict[str, NDArray[np.intp]]:
    """The places of the cases with each value."""
    if len(values) != cases:
        raise ValueError(f"{len(values)} values for {cases} cases")
    alike: dict[str | frozenset[str], list[int]] = {}
    for place, given in enumerate(values):
        alike.setdefault(given if isinstance(given, str) else frozenset(given), []).append(place)
    found: dict[str, list[int]] = {}
    for together, places in alike.items():
        for value in (together,) if isinstance(together, str) else together:
            if value:
                found.setdefault(value, []).extend(places)
    return {value: np.array(sorted(found[value]), dtype=np.intp) for value in sorted(found)}
