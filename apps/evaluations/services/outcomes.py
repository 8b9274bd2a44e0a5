"""Outcomes on their way into the database: many at once, since a sweep writes them faster than it could by models."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from django.db import connection

from apps.core.targets.types import Outcome
from apps.evaluations.models import CaseOutcome


class OutcomeRow(NamedTuple):
    """A CaseOutcome by its columns; `labels`, `got` and `trace` are JSON."""

    run_id: int
    case_id: int
    case_version: int
    right: bool
    rank: int | None
    score: float
    answered: bool
    confidence: float
    tier: str
    latency_ms: float
    cost: float
    labels: str
    got: str
    trace: str
    error: str


def to_row(run_id: int, case_id: int, case_version: int, outcome: Outcome) -> OutcomeRow:
    return OutcomeRow(
        run_id=run_id,
        case_id=case_id,
        case_version=case_version,
        right=outcome.right and not outcome.error,
        rank=outcome.rank,
        score=outcome.score,
        answered=outcome.answered,
        confidence=outcome.confidence,
        tier=outcome.tier,
        latency_ms=outcome.latency_ms,
        cost=outcome.cost,
        labels=_dump(dict(outcome.labels)),
        got=_dump(list(outcome.got)),
        trace=_dump(dict(outcome.trace)),
        error=outcome.error,
    )


def _dump(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def read_stored(run_id: int, cases: Sequence[int]) -> set[int]:
    """Those of the cases whose outcomes the run has already."""
    table = CaseOutcome._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT case_id FROM {table} WHERE run_id = %s AND case_id = ANY(%s)", [run_id, list(cases)])  # noqa: S608
        return {case for (case,) in cursor.fetchall()}


def copy_rows(rows: Sequence[OutcomeRow]) -> None:
    """Stores rows that are not there yet."""
    columns = ", ".join(f'"{name}"' for name in OutcomeRow._fields)
    statement = f'COPY "{CaseOutcome._meta.db_table}" ({columns}) FROM STDIN'
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
