"""What tests put in the place of parts of search that look at the clock, or at what else goes on."""

import pytest
from django.db import connection

from apps.functions.services import batching, indexing, tiers

LONG = 3600.0


def let_search_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process's first search loads the model and compiles kernels: all tiers have the time for that."""
    for module in (tiers, batching):
        monkeypatch.setattr(module, "DEADLINE_SECONDS", LONG)


def mind_no_other_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those in other databases of the server, where other tests are, would hold an index's watermark back, too."""
    monkeypatch.setattr(indexing, "read_watermark", read_next_transaction)


def read_next_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])
