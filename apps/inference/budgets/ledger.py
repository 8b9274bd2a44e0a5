"""The table's copy of what was spent: each process adds what it settled, every few seconds and when it ends.

Valkey has the exact figure, the table one that is at most FLUSH_SECONDS late. Where Valkey lost its own, or is away,
the table's is where counting goes on from.
"""

import threading
import time
from collections.abc import Sequence

import structlog
from django.db import DatabaseError, InterfaceError, connection

from apps.core.threads import BackgroundThread
from apps.inference.budgets.models import Spending
from apps.inference.budgets.policies import Account, Amount, in_dollars, in_units

FLUSH_SECONDS = 5.0
FAILURES = (DatabaseError, InterfaceError)
NOTHING = Amount()

ADD = """
INSERT INTO inference_spending (budget_id, since, dollars, tokens)
SELECT id, %s, %s, %s FROM inference_budget WHERE id = %s
ON CONFLICT (budget_id, since) DO UPDATE
SET dollars = inference_spending.dollars + excluded.dollars, tokens = inference_spending.tokens + excluded.tokens
RETURNING dollars, tokens
"""

log = structlog.get_logger("touchstone.inference")


class SpendingLedger:
    """What this process settled and has not written yet, and what the table had when it was last asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._unwritten: dict[Account, Amount] = {}
        self._written: dict[Account, Amount] = {}
        self._thread = BackgroundThread("spending-ledger", self._run, finish=self.flush)

    def add(self, accounts: Sequence[Account], amount: Amount) -> None:
        with self._lock:
            for account in accounts:
                self._unwritten[account] = self._unwritten.get(account, NOTHING).plus(amount)
            self._thread.start()

    def written(self, account: Account) -> Amount | None:
        """What the table had when it was last asked, which was then spent at least; None before that."""
        return self._written.get(account)

    def known(self, account: Account) -> Amount:
        """What is spent as far as this process knows without asking."""
        with self._lock:
            return self._written.get(account, NOTHING).plus(self._unwritten.get(account, NOTHING))

    def read(self, accounts: Sequence[Account]) -> list[Amount]:
        """Asks the table, and adds what this process has not written."""
        with self._writing:
            for account in accounts:
                row = Spending.objects.filter(budget_id=account.budget, since=account.since).first()
                self._written[account] = Amount(in_units(row.dollars), row.tokens) if row else NOTHING
            with self._lock:
                return [self._written[one].plus(self._unwritten.get(one, NOTHING)) for one in accounts]

    def flush(self) -> None:
        """Writes all that was added before. What cannot be written now stays for the next time."""
        with self._writing:
            with self._lock:
                batch = sorted(self._unwritten.items())
            for account, amount in batch:
                try:
                    total = add_spending(account, amount)
                except FAILURES as error:
                    log.warning("spending_not_written", budget=account.budget, error=str(error))
                    return
                with self._lock:
                    self._written[account] = total
                    left = self._unwritten.pop(account).minus(amount)
                    if left != NOTHING:
                        self._unwritten[account] = left

    def _run(self) -> None:
        while True:
            time.sleep(FLUSH_SECONDS)
            self.flush()
            connection.close()


def add_spending(account: Account, amount: Amount) -> Amount:
    """Adds to what was spent, and gives what it stands at; nothing for a budget that is no more."""
    with connection.cursor() as cursor:
        cursor.execute(ADD, [account.since, in_dollars(amount.dollars), amount.tokens, account.budget])
        row = cursor.fetchone()
    return Amount(in_units(row[0]), int(row[1])) if row else NOTHING


ledger = SpendingLedger()
