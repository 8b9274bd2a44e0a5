"""Celery's way in to jobs and upkeep."""

from celery import shared_task

from apps.core.idempotency.services import prune_records
from apps.core.jobs import services


@shared_task(name=services.RUN_TASK)
def run_job_task(job_id: int) -> None:
    services.run_job(job_id)


@shared_task(name="core.recover_jobs", expires=10)
def recover_jobs_task() -> int:
    return services.recover_jobs()


@shared_task(name="core.prune_jobs")
def prune_jobs_task() -> int:
    prune_records()
    return services.prune_jobs()
