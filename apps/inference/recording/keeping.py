"""What is kept of calls, for whom, and for how long."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import models, transaction
from django.db.models import ExpressionWrapper, F, OuterRef, Subquery
from django.db.models.functions import Least

from apps.core.audit import record
from apps.inference.recording.models import Call, CallText, Retention
from apps.inference.recording.retention import retention

AT_ONCE = 5_000

log = structlog.get_logger("touchstone.inference")


def read_days(user: Any) -> int:
    return Retention.objects.filter(user=user).values_list("days", flat=True).first() or 0


@transaction.atomic
def keep_texts_for(*, user: Any, days: int) -> None:
    """From now on; 0 keeps none. What is kept already goes when it was to go, or earlier where `days` are fewer."""
    Retention.objects.update_or_create(user=user, defaults={"days": days})
    record("retention.set", actor=user, subject=user, days=days)
    if days:
        until = ExpressionWrapper(F("call__at") + timedelta(days=days), models.DateTimeField())
        of_user = CallText.objects.filter(call__user=user, pk=OuterRef("pk")).annotate(until=until).values("until")
        shorter = Least(F("keep_until"), Subquery(of_user))
        CallText.objects.filter(call__user=user).update(keep_until=shorter)
    transaction.on_commit(retention.forget)


@transaction.atomic
def forget_texts(*, user: Any) -> int:
    """Deletes all texts that are kept for somebody, and says of how many calls."""
    _, deleted = CallText.objects.filter(call__user=user).delete()
    count = deleted.get(CallText._meta.label, 0)
    record("retention.forgotten", actor=user, subject=user, calls=count)
    return count


def prune_calls(*, now: datetime) -> int:
    """Deletes texts whose time is up, and calls older than CALLS_KEEP_DAYS. Counts by the minute stay."""
    texts, _ = CallText.objects.filter(keep_until__lte=now).delete()
    calls, oldest = 0, now - timedelta(days=settings.CALLS_KEEP_DAYS)
    while batch := list(Call.objects.filter(at__lt=oldest).order_by("at").values_list("pk", flat=True)[:AT_ONCE]):
        calls += delete_calls(batch)
    log.info("calls_pruned", calls=calls, texts=texts)
    return calls


@transaction.atomic
def delete_calls(keys: list[int]) -> int:
    CallText.objects.filter(pk__in=keys).delete()
    _, deleted = Call.objects.filter(pk__in=keys).delete()
    return deleted.get(Call._meta.label, 0)
