"""Counts of the catalogue that are read from the database when somebody scrapes."""

from collections.abc import Iterator

from django.db.models import Count

from apps.core.metrics import Sample
from apps.functions.models import Function


def functions_by_state() -> Iterator[Sample]:
    rows = Function.objects.order_by().values("state", "language").annotate(functions=Count("pk"))
    for row in rows:
        yield {"state": row["state"], "language": row["language"]}, row["functions"]
