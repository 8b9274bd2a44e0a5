"""The outcomes of a run as columns, one row a case, and what each case scores."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

RECALL_AT = 5
MRR_AT = 10

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeColumns:
    """Arrays of equal length. Raises ValueError when they differ in length or have more than one dimension.

    `rank` is the place of the first right answer, from 1, and 0 where none of the answers is right or answers are not
    ranked. `score` and `confidence` are from 0 to 1, `latency_ms` is in milliseconds, `cost` in US dollars. `failed`
    says that the system failed: such a case is neither right nor answered.
    """

    right: NDArray[np.bool_]
    rank: NDArray[np.integer[Any]]
    score: Floats
    answered: NDArray[np.bool_]
    confidence: Floats
    failed: NDArray[np.bool_]
    latency_ms: Floats
    cost: Floats

    def __post_init__(self) -> None:
        shapes = {column.name: getattr(self, column.name).shape for column in fields(self)}
        if len(set(shapes.values())) > 1 or len(self.right.shape) != 1:
            raise ValueError(f"columns must be of one dimension and of equal length, not {shapes}")

    def __len__(self) -> int:
        return len(self.right)

    def take(self, rows: NDArray[Any]) -> "OutcomeColumns":
        """These rows alone: `rows` holds places, or a bool for every row."""
        return OutcomeColumns(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})


def score_cases(columns: OutcomeColumns) -> dict[str, Floats]:
    """What each case adds to each measure that is a mean over cases, for comparing runs pair by pair.

    `recall_at_5` is 1 where a right answer is among the first five; `mrr_at_10` is the reciprocal of the rank of the
    first right answer, 0 beyond the tenth (Voorhees, "The TREC-8 Question Answering Track Report", 1999). A right case
    without ranks has its answer in first place.
    """
    rank = np.where(columns.right & (columns.rank == 0), 1, columns.rank)
    return {
        "accuracy": columns.right.astype(np.float64),
        "recall_at_5": ((rank > 0) & (rank <= RECALL_AT)).astype(np.float64),
        "mrr_at_10": np.where((rank > 0) & (rank <= MRR_AT), 1.0 / np.maximum(rank, 1), 0.0),
        "mean_relevance": columns.score.astype(np.float64),
        "answered": columns.answered.astype(np.float64),
        "success_rate": 1.0 - columns.failed,
        "latency_ms": columns.latency_ms.astype(np.float64),
        "cost": columns.cost.astype(np.float64),
    }
