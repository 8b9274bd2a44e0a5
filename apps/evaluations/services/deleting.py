"""A suite goes, and with it all that stands on it."""

from typing import Any

from django.db import transaction

from apps.core.audit import record
from apps.core.errors import Conflict
from apps.evaluations.models import Suite
from apps.evaluations.services.scheduling import delete_schedule


@transaction.atomic
def delete_suite(*, suite: Suite) -> None:
    """With its cases, schedules, runs and reports. Conflict while a run of it is open."""
    suite = Suite.objects.select_for_update().get(pk=suite.pk)
    if run := suite.runs.open().only("pk").first():
        raise Conflict(f"Run #{run.pk} is at work. Wait for it, or cancel it first.", code="run_open")
    parts: dict[str, Any] = count_parts(suite)
    record("suite.deleted", subject=suite, **parts)
    for schedule in suite.schedules.select_related("periodic_task"):
        delete_schedule(schedule=schedule)
    suite.delete()


def count_parts(suite: Suite) -> dict[str, int]:
    """How much goes with it."""
    return {"cases": suite.cases.count(), "runs": suite.runs.count(), "schedules": suite.schedules.count()}
