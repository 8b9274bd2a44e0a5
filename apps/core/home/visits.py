"""Since when something is new to somebody: since their visit before this one."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.core.home.models import Visit

PAUSE = timedelta(minutes=30)
"""Who comes back after so long begins another visit."""
NOTED_EVERY = timedelta(minutes=1)
AT_FIRST = timedelta(days=7)
LONGEST = timedelta(days=90)


def begin_visit(user: Any) -> datetime:
    """Notes that the person is here, and returns since when they want to know what changed."""
    now = timezone.now()
    visit, _ = Visit.objects.get_or_create(user=user, defaults={"since": now - AT_FIRST, "seen_at": now})
    if now - visit.seen_at >= PAUSE:
        visit.since, visit.seen_at = visit.seen_at, now
        visit.save(update_fields=["since", "seen_at"])
    elif now - visit.seen_at >= NOTED_EVERY:
        Visit.objects.filter(pk=visit.pk).update(seen_at=now)
    return max(visit.since, now - LONGEST)


def find_since(user: Any) -> datetime:
    """The same for a tile that is asked for again, which is no visit."""
    now = timezone.now()
    visit = Visit.objects.filter(user=user).first()
    return max(visit.since, now - LONGEST) if visit else now - AT_FIRST
