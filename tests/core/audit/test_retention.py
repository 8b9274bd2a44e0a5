import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, transaction
from django.utils import timezone

from apps.core.audit.models import AuditEntry
from apps.core.audit.retention import prune_audit
from apps.core.errors import InvalidInput

pytestmark = pytest.mark.django_db


def make_entry(days_ago: int) -> AuditEntry:
    return AuditEntry.objects.create(
        action=AuditEntry.Action.EVENT, event="thing.done", timestamp=timezone.now() - timedelta(days=days_ago)
    )


def run(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("prune_audit", "--json", *arguments, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_deletes_what_is_older_and_says_so() -> None:
    make_entry(120)
    kept = make_entry(99)
    assert run("--keep-days", "100") == {"deleted": 1, "keep_days": 100}
    told, rest = AuditEntry.objects.all()
    assert (told.event, told.additional_data["entries"], rest) == ("audit.pruned", 1, kept)


def test_afterwards_the_log_is_closed_again() -> None:
    make_entry(120)
    entry = make_entry(110)
    prune_audit(keep_days=115)
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        entry.delete()


def test_what_is_recent_is_kept_in_any_case() -> None:
    entry = make_entry(80)
    with pytest.raises(InvalidInput, match="keep_days: must be at least 90"):
        prune_audit(keep_days=30)
    assert AuditEntry.objects.get() == entry


def test_the_days_must_be_given() -> None:
    with pytest.raises(Exception, match="keep-days"):
        run()
