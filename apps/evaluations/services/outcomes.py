"""Outcomes on their way into the database: many at once, since a sweep writes them faster than it could by models."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from django.db import IntegrityError, connection, transaction

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


def store_rows(rows: Sequence[OutcomeRow]) -> Sequence[OutcomeRow]:
    """Stores the rows of one run whose cases have no outcome in it yet, and returns those.

    Whether any has one, its constraint says when they are written: to ask beforehand would cost every chunk as much as
    the writing, for what comes about only when somebody died. The run's row must be locked.
    """
    try:
        with transaction.atomic():
            copy_rows(rows)
    except IntegrityError:
        there = set(CaseOutcome.objects.filter(run=rows[0].run_id).values_list("case_id", flat=True))
        rows = [row for row in rows if row.case_id not in there]
        copy_rows(rows)
    return rows


def copy_rows(rows: Sequence[OutcomeRow]) -> None:
    """Stores rows that are not there yet. IntegrityError when one is."""
    columns = ", ".join(f'"{name}"' for name in OutcomeRow._fields)
    statement = f'COPY "{CaseOutcome._meta.db_table}" ({columns}) FROM STDIN'
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
