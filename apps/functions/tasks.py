"""Celery's way in."""

from celery import shared_task

from apps.functions.services import importing, indexing


@shared_task(name="functions.refresh_index", expires=60)
def refresh_index_task() -> bool:
    return indexing.refresh_index()


@shared_task(name="functions.prune_uploads")
def prune_uploads_task() -> int:
    return importing.prune_uploads()
