"""Runs: started, cancelled, failed; their cases cut into chunks for whatever workers there are."""

import random
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.core.audit import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.jobs.services import cancel_job, enqueue_job
from apps.core.live import announce
from apps.core.models import Job, JobState
from apps.core.targets.registry import get_target
from apps.core.version import pin_code
from apps.evaluations.models import Run, RunState, Schedule, Suite
from apps.evaluations.services.suites import check_baseline

CHUNK_JOB = "evaluations.chunk"
FINISH_JOB = "evaluations.finish"
CHUNKS_A_RUN = 10
"""At least, as long as they have LEAST_CHUNK cases each: what a chunk costs beside its cases is that of some 50."""
LEAST_CHUNK = 50

log = structlog.get_logger("touchstone.evaluations")


def start_run(
    *,
    suite: Suite,
    baseline: Run | None = None,
    schedule: Schedule | None = None,
    note: str = "",
    user_id: int | None = None,
) -> Run:
    """A run of the suite's active cases, its first chunks with the workers. InvalidInput when there is nothing to run.

    `baseline` is what its report compares with; without one that is chosen when it ends, see `comparing`.
    """
    if baseline is not None:
        check_baseline(suite, baseline)
    with transaction.atomic():
        suite = Suite.objects.select_for_update(of=("self",)).get(pk=suite.pk)
        plan = list(suite.cases.active().values_list("pk", flat=True))
        if not plan:
            raise InvalidInput({"suite": "has no active cases: import, write or generate some first"})
        run = Run.objects.create(
            suite=suite,
            suite_version=suite.version,
            baseline=baseline,
            schedule=schedule,
            note=note[:300],
            pinned=pin_state(suite),
            total=len(plan),
            created_by_id=user_id,
        )
        # Shuffled, so that the first chunks are a fair sample for the first estimate; the same way for the same run.
        random.Random(run.pk).shuffle(plan)  # noqa: S311 - not for secrets
        run.plan = plan
        for _ in range(settings.SWEEP_CHUNKS_AT_ONCE):
            plan_chunk(run)
        run.save(update_fields=["plan", "planned"])
        announce("run", run.pk)
    if schedule is None:
        record("sweep.started", subject=run, actor_id=user_id, suite=suite.name, cases=run.total)
    log.info("run_started", run=run.pk, suite=suite.name, cases=run.total)
    return run


def plan_chunk(run: Run) -> Job | None:
    """Makes the job of the next chunk of the plan, or none when all have theirs.

    The run's row must be locked, and the caller saves its `planned`.
    """
    cases = run.plan[run.planned : run.planned + chunk_size(run.total)]
    if not cases:
        return None
    run.planned += len(cases)
    return enqueue_job(kind=CHUNK_JOB, params={"run": run.pk, "cases": cases}, is_part=True)


def chunk_size(total: int) -> int:
    """Cases a chunk: a part of a run that is small, so that all workers share it and its first estimate comes soon."""
    return min(settings.SWEEP_CHUNK_CASES, max(LEAST_CHUNK, total // CHUNKS_A_RUN))


def pin_state(suite: Suite) -> dict[str, str]:
    """All that the answers depend on, by name."""
    return {**pin_code(), **get_target(suite.target).pin_state()}


def jobs_of(run: Run) -> Any:
    return Job.objects.filter(kind__in=[CHUNK_JOB, FINISH_JOB], params__run=run.pk)


def cancel_run(*, run: Run) -> Run:
    """Ends the run where it is; the outcomes it has stay. Raises Conflict when it is over."""
    if not end_run(run, RunState.CANCELLED):
        raise Conflict(f"Run {run.pk} is over already.", code="run_over")
    record("sweep.cancelled", subject=run, suite=run.suite.name, cases_done=run.done)
    return run


def end_run(run: Run, state: RunState, error: str = "") -> bool:
    """Ends an open run without a summary, and calls off its jobs; False when it is over already."""
    with transaction.atomic():
        now = timezone.now()
        ended = Run.objects.open().filter(pk=run.pk).update(state=state, error=error, finished_at=now, updated_at=now)
        for job in jobs_of(run).open():
            try:
                cancel_job(job=job)
            except Conflict:
                continue  # it ended in between
        announce("run", run.pk)
    run.refresh_from_db()
    if ended:
        log.warning("run_ended_early", run=run.pk, state=state, error=error)
    return bool(ended)


def fail_broken_runs() -> int:
    """Fails the runs one of whose jobs failed for good: what it should have done, nobody does any more."""
    failed = 0
    for run in Run.objects.open().defer("plan").select_related("suite"):
        broken = jobs_of(run).filter(state=JobState.FAILED).first()
        if broken and _fail(run, broken.error):
            failed += 1
    return failed


@transaction.atomic
def _fail(run: Run, error: str) -> bool:
    """The failure and its report go together: a run that failed unseen would worry nobody."""
    from apps.evaluations.services.finishing import report_failure

    if not end_run(run, RunState.FAILED, error):
        return False
    report_failure(run)
    return True
