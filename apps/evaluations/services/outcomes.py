"""Outcomes on their way into the database: many at once, since a sweep writes them faster than it could by models."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from apps.core.targets.types import Outcome
from apps.evaluations.models import Case, CaseOutcome, Run


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


def to_row(run: Run, case: Case, outcome: Outcome) -> OutcomeRow:
    return OutcomeRow(
        run_id=run.pk,
        case_id=case.pk,
        case_version=case.version,
        right=outcome.right and not outcome.error,
        rank=outcome.rank,
        score=outcome.score,
        answered=outcome.answered,
        confidence=outcome.confidence,
        tier=outcome.tier,
        latency_ms=outcome.latency_ms,
        cost=outcome.cost,
        labels=json.dumps(dict(outcome.labels)),
        got=json.dumps(list(outcome.got)),
        trace=json.dumps(dict(outcome.trace)),
        error=outcome.error,
    )


def copy_rows(rows: Sequence[OutcomeRow]) -> None:
    """Stores rows that are not there yet."""
    columns = ", ".join(f'"{name}"' for name in OutcomeRow._fields)
    statement = f'COPY "{CaseOutcome._meta.db_table}" ({columns}) FROM STDIN'
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
