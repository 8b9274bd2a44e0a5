"""A report is dealt with: by whom, when, and what they have to say about it."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from apps.core.errors import Conflict, InvalidInput
from apps.core.live import announce
from apps.evaluations.models import Report

if TYPE_CHECKING:
    from apps.users.models import User

MAX_COMMENT = 2000


@transaction.atomic
def acknowledge(*, report: Report, user: "User", comment: str) -> Report:
    """Raises InvalidInput naming `comment`, and Conflict when somebody has acknowledged it already."""
    comment = comment.strip()
    if not comment or len(comment) > MAX_COMMENT:
        raise InvalidInput({"comment": f"must have 1 to {MAX_COMMENT:,} characters: say what you make of it"})
    if "\0" in comment:
        raise InvalidInput({"comment": "has a NUL character"})
    report = Report.objects.select_for_update(of=("self",)).select_related("run__suite").get(pk=report.pk)
    if report.acknowledged_at is not None:
        raise Conflict(f"{report.acknowledged_by or 'Somebody'} has acknowledged it already.", code="acknowledged")
    report.acknowledged_by, report.acknowledged_at, report.comment = user, timezone.now(), comment
    report.save(update_fields=["acknowledged_by", "acknowledged_at", "comment", "updated_at"])
    announce("report", report.run_id)
    announce("run", report.run_id)
    return report
