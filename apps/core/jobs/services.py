"""Starting, running, cancelling and recovering jobs."""

import os
import socket
import traceback
import uuid
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

from apps.core import metrics
from apps.core.audit import acting, quietly, record
from apps.core.errors import Conflict, InvalidInput
from apps.core.jobs.context import LEASE, JobCancelled, JobContext, JobLost, Listener
from apps.core.jobs.registry import get_followers, get_handler, known_kinds
from apps.core.live import announce
from apps.core.models import Job, JobState

log = structlog.get_logger("touchstone.jobs")

RUN_TASK = "core.run_job"
MAX_ATTEMPTS = 5
QUEUE_PATIENCE = timedelta(seconds=20)


def enqueue_job(*, kind: str, params: dict[str, Any], user_id: int | None = None, is_part: bool = False) -> Job:
    """Makes the job and, once the transaction is through, tells the workers."""
    if kind not in known_kinds():
        raise InvalidInput({"kind": f"is none of {', '.join(known_kinds())}"})
    job = Job.objects.create(kind=kind, params=params, created_by_id=user_id, is_part=is_part)
    if user_id is not None and not is_part:
        record("job.started", subject=job, actor_id=user_id, params=params)
    transaction.on_commit(lambda: send_job(job.pk))
    _tell(job)
    return job


def send_job(job_id: int) -> None:
    """A broker that is away is no failure: `recover_jobs` sends again what stays in the queue too long."""
    # Named by a setting and loaded here: most processes never send a task.
    app = import_string(settings.TASK_APP)
    try:
        app.send_task(RUN_TASK, args=[job_id], retry=False)
    except OperationalError as error:
        log.warning("job_not_sent", job=job_id, error=str(error))


def run_job(job_id: int, *, listener: Listener | None = None) -> Job | None:
    """Runs the job here and now; None when somebody else has it or it is over."""
    job = _claim(job_id)
    if job is None:
        return None
    say = log.debug if job.is_part else log.info
    say("job_started", job=job.pk, kind=job.kind, attempt=job.attempts)
    _tell(job)
    with JobContext(job, listener=listener) as context, acting(actor_id=job.created_by_id, job=job.pk, kind=job.kind):
        changes = _execute(context)
    if changes is None:
        return None
    mine = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, runner=job.runner)
    mine.update(finished_at=timezone.now(), updated_at=timezone.now(), lease_until=None, **changes)
    job.refresh_from_db()
    if job.created_by_id is not None:
        _note_end(job)
    metrics.count("jobs_finished", kind=job.kind, state=job.state)
    _tell(job)
    say("job_finished", job=job.pk, kind=job.kind, state=job.state, seconds=round(job.seconds, 2))
    if job.state == JobState.SUCCEEDED:
        for follow in get_followers(job.kind):
            follow()
    return job


def run_inline(
    *, kind: str, params: dict[str, Any], user_id: int | None = None, listener: Listener | None = None
) -> Job:
    """A job of the command line: it has a row as any other, but runs in this process. Ctrl-C cancels it."""
    job = Job.objects.create(
        kind=kind, params=params, created_by_id=user_id, queued_at=timezone.now() + timedelta(days=1)
    )
    record("job.started", subject=job, actor_id=user_id, params=params)
    done = run_job(job.pk, listener=listener) or Job.objects.get(pk=job.pk)
    if user_id is None:
        _note_end(done)
    return done


def _note_end(job: Job) -> None:
    """One entry for all that a job did for somebody: its rows' changes have none, which may be a million."""
    record("job.finished", actor=job.created_by, subject=job, state=job.state, result=job.result, error=job.error)


def _claim(job_id: int) -> Job | None:
    """Takes the job for this process: one statement, so that of two workers one gets it."""
    now = timezone.now()
    runner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    free = Job.objects.filter(pk=job_id, state=JobState.QUEUED)
    changes = {"state": JobState.RUNNING, "runner": runner, "lease_until": now + LEASE, "attempts": F("attempts") + 1}
    if not free.update(started_at=now, updated_at=now, **changes):
        return None
    return Job.objects.get(pk=job_id)


def _execute(context: JobContext) -> dict[str, Any] | None:
    """What to write to the job's row; None when the row is not ours any more."""
    job = context.job
    try:
        if job.cancel_requested:
            raise JobCancelled
        with quietly():
            result = get_handler(job.kind)(context, job.params)
        return {"state": JobState.SUCCEEDED, "result": result, "error": "", "message": ""}
    except (JobCancelled, KeyboardInterrupt):
        return {"state": JobState.CANCELLED, "message": "cancelled"}
    except JobLost:
        log.warning("job_lost", job=job.pk)
        return None
    except InvalidInput as error:
        return {"state": JobState.FAILED, "error": str(error)}
    except DatabaseError:
        # The database went away: the row is freed by its lease and another attempt goes on from what is stored.
        log.exception("job_interrupted", job=job.pk)
        return None
    except Exception as error:
        log.exception("job_failed", job=job.pk)
        return {"state": JobState.FAILED, "error": "".join(traceback.format_exception_only(error)).strip()}


def cancel_job(*, job: Job) -> Job:
    """A queued job ends at once, a running one at its next step."""
    now = timezone.now()
    queued = Job.objects.filter(pk=job.pk, state=JobState.QUEUED)
    running = Job.objects.filter(pk=job.pk, state=JobState.RUNNING)
    ended = queued.update(state=JobState.CANCELLED, cancel_requested=True, finished_at=now, message="cancelled")
    if not ended and not running.update(cancel_requested=True):
        raise Conflict(f"Job {job.pk} is over already.", code="job_over")
    job.refresh_from_db()
    _tell(job)
    if not job.is_part:
        record("job.cancelled", subject=job)
    return job


def see_job(*, job: Job, user_id: int | None) -> Job:
    """Somebody knows that the job failed; the first to say so stays. Conflict for a job that did not fail."""
    if job.state != JobState.FAILED:
        raise Conflict(f"Job {job.pk} has not failed.", code="job_not_failed")
    seen = Job.objects.unseen().filter(pk=job.pk).update(seen_at=timezone.now(), seen_by_id=user_id)
    job.refresh_from_db()
    if seen:
        _tell(job)
        record("job.seen", subject=job, actor_id=user_id, error=job.error)
    return job


def recover_jobs() -> int:
    """Queues again what its runner left behind; what fails its last attempt is failed for good. Returns how many."""
    now = timezone.now()
    recovered = 0
    for job in Job.objects.abandoned(now=now, queued_for=QUEUE_PATIENCE):
        same = Job.objects.filter(pk=job.pk, state=job.state, runner=job.runner)
        if job.attempts >= MAX_ATTEMPTS:
            error = f"Given up: {job.attempts} workers died while they ran this job."
            same.update(state=JobState.FAILED, error=error, finished_at=now, lease_until=None)
            _tell(job)
        elif same.update(state=JobState.QUEUED, queued_at=now, lease_until=None, runner=""):
            log.warning("job_recovered", job=job.pk, kind=job.kind, attempt=job.attempts)
            send_job(job.pk)
            _tell(job)
            recovered += 1
    return recovered


def prune_jobs(*, keep_days: int = 30) -> int:
    deleted, _ = Job.objects.ended().filter(finished_at__lt=timezone.now() - timedelta(days=keep_days)).delete()
    return deleted


def _tell(job: Job) -> None:
    """Parts of something are not shown by themselves."""
    if not job.is_part:
        announce("job", job.pk)
