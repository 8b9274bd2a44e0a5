"""Counts of sweeps that are read from the database when somebody scrapes."""

from collections.abc import Iterator

from django.db.models import Count

from apps.core.metrics import Sample
from apps.evaluations.models import Run
from apps.evaluations.services.scheduling import describe_schedules


def sweeps_by_state() -> Iterator[Sample]:
    for row in Run.objects.order_by().values("state").annotate(runs=Count("pk")):
        yield {"state": row["state"]}, row["runs"]


def schedules_overdue() -> Iterator[Sample]:
    yield {}, sum(status.missed for status in describe_schedules())
