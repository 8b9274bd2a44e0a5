"""Celery's way in."""

from celery import shared_task
from django.utils import timezone

from apps.users.accounts.signups import prune_signups
from apps.users.jwt.services import prune_families
from apps.users.sessions.store import SessionStore


@shared_task(name="users.prune_tokens")
def prune_tokens_task() -> int:
    return prune_families(now=timezone.now())


@shared_task(name="users.prune_signups")
def prune_signups_task() -> int:
    return prune_signups(now=timezone.now())


@shared_task(name="users.prune_sessions")
def prune_sessions_task() -> None:
    SessionStore.clear_expired()
