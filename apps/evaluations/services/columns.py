"""A run's outcomes as arrays, for the measures and the statistics. Needs numpy: import it where it is used."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from django.db.models import TextField
from django.db.models.functions import Cast
from numpy.typing import NDArray

from apps.evaluations.metrics import OutcomeColumns
from apps.evaluations.models import Run

FIELDS = (
    "case_id", "case_version", "right", "rank", "score", "answered", "confidence", "error", "latency_ms", "cost",
    "tier", "labels_text", "case__tags", "case__made_by", "case__group",
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
    outcomes = run.outcomes.annotate(labels_text=Cast("labels", TextField())).order_by("case_id")
    rows = list(outcomes.values_list(*FIELDS))
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * len(FIELDS)
    by_field = dict(zip(FIELDS, columns, strict=True))
    measured = OutcomeColumns(
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
        outcomes=measured,
        dimensions=_read_dimensions(by_field),
        groups=[group or f"\0{case}" for group, case in zip(by_field["case__group"], by_field["case_id"], strict=True)],
    )


def _read_dimensions(by_field: dict[str, tuple[Any, ...]]) -> dict[str, list[frozenset[str]]]:
    """The target's labels, each a dimension, then tags, how the case was made, and the tier that answered."""
    texts: tuple[str, ...] = by_field["labels_text"]
    labels = {text: orjson.loads(text) for text in set(texts)}  # thousands of cases have a few between them
    tags: tuple[list[str], ...] = by_field["case__tags"]
    dimensions: dict[str, list[frozenset[str]]] = {}
    for name in sorted({name for row in labels.values() for name in row}):
        values = {text: _one(row.get(name)) for text, row in labels.items()}
        dimensions[name] = [values[text] for text in texts]
    dimensions.setdefault("language", [frozenset()] * len(texts))
    dimensions["tag"] = [frozenset(row) for row in tags]
    for name, field in (("made_by", "case__made_by"), ("tier", "tier")):
        ones = {value: _one(value) for value in set(by_field[field])}
        dimensions[name] = [ones[value] for value in by_field[field]]
    return dimensions


def _one(value: object) -> frozenset[str]:
    return frozenset({str(value)}) if value else frozenset()
