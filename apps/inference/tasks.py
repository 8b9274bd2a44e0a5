"""Celery's way in."""

from celery import shared_task
from django.utils import timezone

from apps.inference.recording import keeping


@shared_task(name="inference.prune")
def prune_task() -> int:
    return keeping.prune_calls(now=timezone.now())
