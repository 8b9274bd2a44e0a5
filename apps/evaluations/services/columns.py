"""A run's outcomes as arrays, for the measures and the statistics. Needs numpy: import it where it is used."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.evaluations.metrics import OutcomeColumns
from apps.evaluations.models import Run

FIELDS = (
    "case_id", "case_version", "right", "rank", "score", "answered", "confidence", "error", "latency_ms", "cost",
    "tier", "labels", "case__tags", "case__made_by", "case__group",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class RunColumns:
    """One row a case, in the order of the cases' ids. `dimensions` has each case's values for slicing."""

    cases: NDArray[np.int64]
    versions: NDArray[np.int64]
    outcomes: OutcomeColumns
    dimensions: dict[str, list[frozenset[str]]]
    groups: list[str]

    def take(self, rows: NDArray[np.intp]) -> "RunColumns":
        places = rows.tolist()
        return RunColumns(
            cases=self.cases[rows],
            versions=self.versions[rows],
            outcomes=self.outcomes.take(rows),
            dimensions={name: [values[place] for place in places] for name, values in self.dimensions.items()},
            groups=[self.groups[place] for place in places],
        )


def load_columns(run: Run) -> RunColumns:
    """Everything but answers and traces, in one query."""
    rows = list(run.outcomes.order_by("case_id").values_list(*FIELDS))
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * len(FIELDS)
    by_field = dict(zip(FIELDS, columns, strict=True))
    outcomes = OutcomeColumns(
        right=np.array(by_field["right"], dtype=bool),
        rank=np.array([rank or 0 for rank in by_field["rank"]], dtype=np.int64),
        score=np.array(by_field["score"], dtype=float),
        answered=np.array(by_field["answered"], dtype=bool),
        confidence=np.array(by_field["confidence"], dtype=float),
        failed=np.array([bool(error) for error in by_field["error"]], dtype=bool),
        latency_ms=np.array(by_field["latency_ms"], dtype=float),
        cost=np.array(by_field["cost"], dtype=float),
    )
    return RunColumns(
        cases=np.array(by_field["case_id"], dtype=np.int64),
        versions=np.array(by_field["case_version"], dtype=np.int64),
        outcomes=outcomes,
        dimensions=_read_dimensions(by_field),
        groups=[group or f"\0{case}" for group, case in zip(by_field["case__group"], by_field["case_id"], strict=True)],
    )


def _read_dimensions(by_field: dict[str, tuple[Any, ...]]) -> dict[str, list[frozenset[str]]]:
    """The target's labels, each a dimension, then tags, how the case was made, and the tier that answered."""
    labels: list[dict[str, str]] = list(by_field["labels"])
    dimensions = {
        name: [_one(row.get(name)) for row in labels] for name in sorted({name for row in labels for name in row})
    }
    tags: list[list[str]] = list(by_field["case__tags"])
    dimensions.setdefault("language", [frozenset()] * len(labels))
    dimensions["tag"] = [frozenset(row) for row in tags]
    dimensions["made_by"] = [_one(value) for value in by_field["case__made_by"]]
    dimensions["tier"] = [_one(value) for value in by_field["tier"]]
    return dimensions


def _one(value: object) -> frozenset[str]:
    return frozenset({str(value)}) if value else frozenset()
