"""Counts of this app that are read from the database when somebody scrapes."""

from collections.abc import Iterator

from django.db.models import Count

from apps.core.metrics import Sample
from apps.core.models import Job


def jobs_by_state() -> Iterator[Sample]:
    for row in Job.objects.order_by().values("kind", "state").annotate(jobs=Count("pk")):
        yield {"kind": row["kind"], "state": row["state"]}, row["jobs"]
