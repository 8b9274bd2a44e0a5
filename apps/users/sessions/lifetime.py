"""When a session ends."""

from datetime import datetime, timedelta

from django.conf import settings

NOTED_EVERY = timedelta(minutes=1)
WARNED_BEFORE = timedelta(minutes=2)


def idle_time() -> timedelta:
    return timedelta(minutes=settings.SESSION_IDLE_MINUTES)


def longest_time() -> timedelta:
    return timedelta(hours=settings.SESSION_MAX_HOURS)


def find_end(*, since: datetime, seen_at: datetime) -> datetime:
    """So long after the last request, and so long after the sign-in in any case."""
    return min(seen_at + idle_time(), since + longest_time())


def is_worth_noting(*, seen_at: datetime, now: datetime) -> bool:
    """Whether a request that comes now is to be written down: not each one, so that reading costs no write."""
    return now - seen_at >= min(NOTED_EVERY, idle_time() / 20)


def warn_seconds() -> int:
    """How long before the end a page warns: two minutes, and less of sessions that last for a few."""
    return int(min(WARNED_BEFORE, idle_time() / 2, longest_time() / 2).total_seconds())
