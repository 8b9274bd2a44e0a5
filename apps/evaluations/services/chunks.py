"""One chunk of a run: its cases asked, and their outcomes stored exactly once."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Avg, Count, Q
from django.utils import timezone

from apps.core.jobs.context import JobCancelled, JobContext, JobLost
from apps.core.jobs.services import enqueue_job
from apps.core.targets.registry import get_target
from apps.core.targets.types import Outcome, Question, Target
from apps.evaluations.models import Case, CaseOutcome, Run, RunState
from apps.evaluations.services.running import FINISH_JOB, plan_chunk

MAX_ERROR = 2000


def run_chunk(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """The job's handler. Run twice it stores nothing twice: outcomes that are there stay."""
    run = Run.objects.defer("plan").select_related("suite").get(pk=params["run"])
    if run.is_over:
        return {"stored": 0}
    Run.objects.filter(pk=run.pk, state=RunState.QUEUED).update(state=RunState.RUNNING, started_at=timezone.now())
    known = Case.objects.in_bulk(params["cases"])
    cases = [known[pk] for pk in params["cases"]]
    questions = [Question(case.pk, case.query, case.input, case.expected, case.filters) for case in cases]
    rows = []
    for case, outcome in zip(cases, answer_all(get_target(run.suite.target), questions), strict=True):
        rows.append(to_row(run, case, outcome))
        context.report(len(rows), len(cases))
    return {"stored": store_outcomes(run.pk, rows)}


def answer_all(target: Target, questions: Sequence[Question]) -> Iterator[Outcome]:
    """One outcome a question, whatever the target does: one that breaks off has failed at the question it was at."""
    position = 0
    while position < len(questions):
        try:
            for outcome in target.answer(questions[position:]):
                yield outcome
                position += 1
        except (DatabaseError, JobCancelled, JobLost):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a target raises is this case's outcome
            yield Outcome(right=False, error=f"{type(error).__name__}: {error}"[:MAX_ERROR])
            position += 1


def to_row(run: Run, case: Case, outcome: Outcome) -> CaseOutcome:
    return CaseOutcome(
        run=run,
        case=case,
        case_version=case.version,
        right=outcome.right and not outcome.error,
        rank=outcome.rank,
        score=outcome.score,
        answered=outcome.answered,
        confidence=outcome.confidence,
        tier=outcome.tier,
        latency_ms=outcome.latency_ms,
        cost=outcome.cost,
        labels=dict(outcome.labels),
        got=list(outcome.got),
        trace=dict(outcome.trace),
        error=outcome.error,
    )


@transaction.atomic
def store_outcomes(run_id: int, rows: list[CaseOutcome]) -> int:
    """Stores what the run does not have yet, plans the next chunk, and ends the run with its last case.

    The run's row is locked: of two workers with the same chunk, one taken for dead, the second finds the outcomes.
    """
    run = Run.objects.select_for_update().get(pk=run_id)
    if run.is_over:
        return 0
    there = set(run.outcomes.filter(case__in=[row.case_id for row in rows]).values_list("case_id", flat=True))
    new = [row for row in rows if row.case_id not in there]
    CaseOutcome.objects.bulk_create(new)
    run.done += len(new)
    run.estimate = estimate(run)
    run.save(update_fields=["done", "estimate", "updated_at"])
    if new and plan_chunk(run) is None and run.done == run.total:
        enqueue_job(kind=FINISH_JOB, params={"run": run.pk}, is_part=True)
    return len(new)


def estimate(run: Run) -> dict[str, Any]:
    """The figures of the cases done so far, with the interval that the number of them allows."""
    from apps.evaluations.metrics import wilson_interval

    figures = run.outcomes.aggregate(
        cases=Count("pk"),
        right=Count("pk", filter=Q(right=True)),
        answered=Count("pk", filter=Q(answered=True)),
        failed=Count("pk", filter=~Q(error="")),
        latency=Avg("latency_ms"),
    )
    cases = figures["cases"]
    if not cases:
        return {}
    seconds = run.seconds(timezone.now())
    return {
        "cases": cases,
        "accuracy": round(figures["right"] / cases, 4),
        "accuracy_interval": [round(bound, 4) for bound in wilson_interval(figures["right"], cases)],
        "answered": round(figures["answered"] / cases, 4),
        "failed": figures["failed"],
        "latency_ms": round(figures["latency"], 2),
        "cases_per_second": round(cases / seconds, 2) if seconds else None,
    }
