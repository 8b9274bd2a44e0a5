"""Letting go of what is old: the one way past the trigger that keeps the log."""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from apps.core.audit.models import AuditEntry
from apps.core.audit.recording import record
from apps.core.errors import InvalidInput

LEAST_DAYS = 90


def prune_audit(*, keep_days: int) -> int:
    """Deletes entries that are older, and writes that it did; how many that were.

    Raises InvalidInput naming `keep_days`.
    """
    if keep_days < LEAST_DAYS:
        raise InvalidInput({"keep_days": f"must be at least {LEAST_DAYS}"})
    before = timezone.now() - timedelta(days=keep_days)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Until the end of this transaction the trigger lets go of what is older than this (see the migration).
            cursor.execute("SELECT set_config('touchstone.prune_audit_before', %s, true)", [before.isoformat()])
        deleted, _ = AuditEntry.objects.filter(timestamp__lt=before).delete()
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('touchstone.prune_audit_before', '', true)")
        record("audit.pruned", entries=deleted, before_time=before)
    return deleted
