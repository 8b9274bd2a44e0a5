"""Celery's way in."""

from celery import shared_task
from django.utils import timezone

from apps.evaluations.services import notifying, retention, running, scheduling


@shared_task(name=scheduling.START_TASK)
def start_scheduled_task(schedule: int) -> int | None:
    run = scheduling.run_schedule(schedule)
    return run.pk if run else None


@shared_task(name="evaluations.tend_runs", expires=30)
def tend_runs_task() -> int:
    scheduling.follow_edits()
    return running.fail_broken_runs()


@shared_task(name="evaluations.tend_deliveries", expires=30)
def tend_deliveries_task() -> int:
    now = timezone.now()
    return notifying.notify_untold(now=now) + notifying.retry_deliveries(now=now)


@shared_task(name="evaluations.prune")
def prune_task() -> int:
    return retention.prune_outcomes(now=timezone.now())
