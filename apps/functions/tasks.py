"""Celery's way in."""

from celery import shared_task

from apps.functions.services import indexing


@shared_task(name="functions.refresh_index", expires=60)
def refresh_index_task() -> bool:
    return indexing.refresh_index()
