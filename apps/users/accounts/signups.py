"""Accounts that people made by themselves and never proved to be theirs."""

from datetime import datetime, timedelta

import structlog
from django.db.models import QuerySet

from apps.users.models import User
from apps.users.roles import Role

KEPT_FOR = timedelta(days=7)

log = structlog.get_logger(__name__)


def unproved_signups() -> QuerySet[User]:
    """Whoever made them never signed in, so nothing hangs on them."""
    never_used = User.objects.filter(role=Role.VIEWER, last_login__isnull=True)
    return never_used.filter(emailaddress__verified=False).exclude(emailaddress__verified=True)


def discard_signup(email: str) -> None:
    """Makes way for who does hold the address."""
    unproved_signups().filter(email=email).delete()


def prune_signups(*, now: datetime) -> int:
    """Removes those whose link nobody opened in time; how many that were."""
    stale = User.objects.filter(pk__in=unproved_signups().filter(date_joined__lt=now - KEPT_FOR).values("pk"))
    count = stale.count()
    stale.delete()
    if count:
        log.info("signups_pruned", count=count)
    return count
