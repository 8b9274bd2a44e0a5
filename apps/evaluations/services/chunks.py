"""One chunk of a run: its cases asked, and their outcomes stored exactly once."""

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.core.jobs.context import JobCancelled, JobContext, JobLost
from apps.core.jobs.services import enqueue_job
from apps.core.live import announce
from apps.core.targets.registry import get_target
from apps.core.targets.types import Outcome, Question, Target
from apps.evaluations.models import Run, RunState
from apps.evaluations.services.asking import read_cases
from apps.evaluations.services.outcomes import OutcomeRow, store_rows, to_row
from apps.evaluations.services.running import FINISH_JOB, plan_chunk

MAX_ERROR = 2000
STORED = ("state", "plan", "planned", "total", "done", "estimate", "started_at", "finished_at")
"""What storing a chunk reads of its run."""

REPORT_SECONDS = 0.4
"""Of a chunk that takes no longer than this nothing is told before its end."""

COLLECT_AFTER = (50_000, 20, 100)
"""Objects more than before, and so many rounds of each generation, between two looks for garbage."""


def run_chunk(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """The job's handler. Run twice it stores nothing twice: outcomes that are there stay."""
    run = Run.objects.select_related("suite").only("state", "suite__target").get(pk=params["run"])
    if run.is_over:
        return {"stored": 0}
    if run.state == RunState.QUEUED:
        Run.objects.filter(pk=run.pk, state=RunState.QUEUED).update(state=RunState.RUNNING, started_at=timezone.now())
        announce("run", run.pk)
    cases = read_cases(params["cases"])
    outcomes = answer_all(get_target(run.suite.target), [case.question for case in cases])
    rows: list[OutcomeRow] = []
    reported_at = time.monotonic()
    with rare_collections():
        for case, outcome in zip(cases, outcomes, strict=True):
            rows.append(to_row(run.pk, case.question.id, case.version, outcome))
            context.check()
            if time.monotonic() - reported_at >= REPORT_SECONDS:
                reported_at = time.monotonic()
                context.report(len(rows), len(cases))
    return {"stored": store_outcomes(run.pk, rows)}


@contextmanager
def rare_collections() -> Iterator[None]:
    """A chunk makes thousands of objects that all live until its end: garbage is looked for less often meanwhile."""
    usual = gc.get_threshold()
    gc.set_threshold(*COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def answer_all(target: Target, questions: Sequence[Question]) -> Iterator[Outcome]:
    """One outcome a question, whatever the target does: where it breaks off, the question at fault has failed."""
    position, asked = 0, len(questions)
    while position < len(questions):
        part = questions[position : position + asked]
        try:
            for outcome in target.answer(part):
                yield outcome
                position += 1
        except (DatabaseError, JobCancelled, JobLost):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a target raises is this case's outcome
            if len(part) == 1:
                yield Outcome(right=False, error=f"{type(error).__name__}: {error}"[:MAX_ERROR])
                position += 1
            # A target may take several together: which of those left it broke off at shows when each is asked alone.
            asked = 1


@transaction.atomic
def store_outcomes(run_id: int, rows: Sequence[OutcomeRow]) -> int:
    """Stores what the run does not have yet, plans the next chunk, and ends the run with its last case.

    The run's row is locked: of two workers with the same chunk, one taken for dead, the second finds the outcomes.
    """
    run = Run.objects.select_for_update().only(*STORED).get(pk=run_id)
    if run.is_over:
        return 0
    new = store_rows(rows)
    run.done += len(new)
    run.estimate = update_estimate(run, new)
    planned_all = plan_chunk(run) is None if new else False
    run.save(update_fields=["done", "estimate", "planned", "updated_at"])
    announce("run", run.pk)
    if planned_all and run.done == run.total:
        enqueue_job(kind=FINISH_JOB, params={"run": run.pk}, is_part=True)
    return len(new)


def update_estimate(run: Run, new: Sequence[OutcomeRow]) -> dict[str, Any]:
    """The figures of the cases done so far, with the interval that the number of them allows.

    `sums` has what the next chunk's are added to: reading all outcomes each time would take longer than the sweep.
    """
    from apps.evaluations.metrics import wilson_interval

    sums = {name: run.estimate.get("sums", {}).get(name, 0) + value for name, value in sum_up(new).items()}
    cases = sums["cases"]
    if not cases:
        return {}
    seconds = run.seconds(timezone.now())
    return {
        "cases": cases,
        "accuracy": round(sums["right"] / cases, 4),
        "accuracy_interval": [round(bound, 4) for bound in wilson_interval(sums["right"], cases)],
        "answered": round(sums["answered"] / cases, 4),
        "failed": sums["failed"],
        "latency_ms": round(sums["latency_ms"] / cases, 2),
        "cases_per_second": round(cases / seconds, 2) if seconds else None,
        "sums": sums,
    }


def sum_up(rows: Sequence[OutcomeRow]) -> dict[str, float]:
    return {
        "cases": len(rows),
        "right": sum(row.right for row in rows),
        "answered": sum(row.answered for row in rows),
        "failed": sum(bool(row.error) for row in rows),
        "latency_ms": sum(row.latency_ms for row in rows),
    }
