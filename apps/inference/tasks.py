"""Celery's way in."""

from celery import shared_task
from django.utils import timezone

from apps.inference.recording import keeping, merging


@shared_task(name="inference.prune")
def prune_task() -> int:
    return keeping.prune_calls(now=timezone.now())


@shared_task(name="inference.merge_counts")
def merge_counts_task() -> int:
    return merging.merge_counts(now=timezone.now())
