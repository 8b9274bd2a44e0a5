"""Budgets that outlive a lost Valkey: each process adds what it counted to the table, every few seconds.

Valkey has the exact figure, the table one that is at most FLUSH_SECONDS late. Where Valkey lost its own, or is away,
the table's is where counting goes on from.
"""

import threading
import time
from collections import Counter
from datetime import date

import structlog
from django.db import DatabaseError, InterfaceError, connection

from apps.core.threads import BackgroundThread
from apps.users.limits.models import KeyUsage
from apps.users.limits.policies import Budget

FLUSH_SECONDS = 5.0
Month = tuple[int, date]
"""A key's id and a month."""

ADD = """
INSERT INTO users_keyusage (key_id, month, used)
SELECT id, %s, %s FROM users_apikey WHERE id = %s
ON CONFLICT (key_id, month) DO UPDATE SET used = users_keyusage.used + excluded.used
RETURNING used
"""

log = structlog.get_logger(__name__)


class UsageLedger:
    """What this process counted and has not written yet, and what the table had when it was last asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unwritten: Counter[Month] = Counter()
        self._written: dict[Month, int] = {}
        self._thread = BackgroundThread("usage-ledger", self._run, finish=self.flush)

    def add(self, budget: Budget) -> None:
        with self._lock:
            self._unwritten[budget.key, budget.month] += 1
            self._thread.start()

    def written(self, budget: Budget) -> int | None:
        """What the table had when it was last asked, which was then spent at least; None before that."""
        return self._written.get((budget.key, budget.month))

    def read(self, budget: Budget, *, anew: bool = False) -> int:
        """What is spent as far as this process knows; with `anew` the table is asked again."""
        month = (budget.key, budget.month)
        if anew or month not in self._written:
            rows = KeyUsage.objects.filter(key_id=budget.key, month=budget.month)
            self._written[month] = rows.values_list("used", flat=True).first() or 0
        with self._lock:
            return self._written[month] + self._unwritten[month]

    def flush(self) -> None:
        """Writes all that was added before. What cannot be written now stays for the next time."""
        with self._lock:
            batch, self._unwritten = self._unwritten, Counter()
        for month, count in batch.items():
            try:
                self._written[month] = add_usage(month, count)
            except (DatabaseError, InterfaceError) as error:
                log.warning("usage_not_written", key=month[0], error=str(error))
                with self._lock:
                    self._unwritten[month] += count

    def _run(self) -> None:
        while True:
            time.sleep(FLUSH_SECONDS)
            self.flush()
            connection.close()


def add_usage(month: Month, count: int) -> int:
    """Adds to the month of a key, and gives what it stands at; 0 for a key that is no more."""
    key, first_day = month
    with connection.cursor() as cursor:
        cursor.execute(ADD, [first_day, count, key])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


ledger = UsageLedger()
