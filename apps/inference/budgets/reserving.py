"""Reserving what an attempt may cost at most, before it, and settling what it did cost, after it."""

import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections

from apps.core.ids import new_id
from apps.core.valkey import FAILURES
from apps.inference.budgets.ledger import NOTHING, SpendingLedger, ledger
from apps.inference.budgets.limits import Limits, budgets
from apps.inference.budgets.policies import Account, Amount, Limit, falls_short, in_dollars, in_units
from apps.inference.budgets.settling import Settlements
from apps.inference.budgets.shared import GRANTED, SPENT, UNSEEDED, Line, Outcome, Settlement, SharedAccounts
from apps.inference.curated import CuratedAlias
from apps.inference.errors import BudgetSpent
from apps.inference.exchange import Caller

AWAY_SECONDS = 2.0
"""How long Valkey is left alone once it did not answer: nobody is to wait for it over and over."""
WAIT_SECONDS = 0.002
WAITS = 100
DATABASE_FAILURES = (DatabaseError, InterfaceError)
OWNERS = {"key": "of this key", "user": "of your account", "alias": "of this alias"}

log = structlog.get_logger("touchstone.inference")


class Reservation:
    """What may be spent: at most what was asked, and at most what is left. Settle it once, whatever came of it."""

    __slots__ = ("_accounts", "_granted", "_id", "_is_settled", "_keeper")

    def __init__(self, keeper: "BudgetKeeper", id: str, accounts: tuple[Account, ...], granted: Amount) -> None:
        self._keeper = keeper
        self._id = id
        self._accounts = accounts
        self._granted = granted
        self._is_settled = False

    @property
    def dollars(self) -> Decimal:
        return in_dollars(self._granted.dollars)

    @property
    def tokens(self) -> int:
        return self._granted.tokens

    async def settle(self, dollars: Decimal, tokens: int) -> None:
        """Waits for nothing, and so can't be cancelled. A second time changes nothing."""
        self._settle(Amount(in_units(dollars), tokens))

    def give_back(self) -> None:
        """Settles it at nothing."""
        self._settle(NOTHING)

    def _settle(self, spent: Amount) -> None:
        if self._accounts and not self._is_settled:
            self._is_settled = True
            self._keeper.settle(Settlement(self._id, self._accounts, self._granted, spent))


class BudgetKeeper:
    """Accounts in Valkey while it answers, else in this process: never an error, and never without a limit."""

    def __init__(self, shared: SharedAccounts, spending: SpendingLedger) -> None:
        self._shared = shared
        self._ledger = spending
        self._settlements = Settlements(self._send)
        self._lock = threading.Lock()
        self._held: dict[str, Settlement] = {}
        self._unreleased: list[Settlement] = []
        self._away_until = 0.0

    async def reserve(self, limits: Limits, asked: Amount, today: date) -> Reservation:
        """Raises BudgetSpent."""
        accounts = tuple(limit.account(today) for limit in limits)
        if not accounts:
            return Reservation(self, "", (), asked)
        work = asyncio.ensure_future(self._reserve(limits, accounts, asked, today))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:  # Valkey may have granted it meanwhile: then it is given back
            work.add_done_callback(give_back)
            raise

    def settle(self, settlement: Settlement) -> None:
        with self._lock:
            is_shared = self._held.pop(settlement.id, None) is None
        self._settlements.put([settlement._replace(is_shared=is_shared)])

    def flush(self) -> None:
        """Everything that was settled before is in Valkey, or known to be kept from it, and in the table."""
        self._settlements.flush()
        self._ledger.flush()

    async def _reserve(self, limits: Limits, accounts: tuple[Account, ...], asked: Amount, today: date) -> Reservation:
        id = new_id()
        outcome = await self._reserve_shared(id, limits, accounts, asked)
        if outcome is None:
            outcome = await asyncio.to_thread(self._reserve_here, id, limits, accounts, asked)
        if outcome.code != GRANTED:
            raise refuse(limits[outcome.line], today)
        return Reservation(self, id, accounts, outcome.granted)

    async def _reserve_shared(
        self, id: str, limits: Limits, accounts: Sequence[Account], asked: Amount
    ) -> Outcome | None:
        """None while Valkey is away."""
        if self._is_away():
            return None
        try:
            lines = [Line(*each, self._ledger.written(each[1])) for each in zip(limits, accounts, strict=True)]
            outcome = await self._ask(id, lines, asked)
            if outcome.code == UNSEEDED:
                known = await asyncio.to_thread(self._read, accounts)
                lines = [Line(*each, whole=True) for each in zip(limits, accounts, known, strict=True)]
                outcome = await self._ask(id, lines, asked)
        except FAILURES as error:
            self._stay_away(error)
            return None
        except DATABASE_FAILURES:
            return None
        return outcome

    async def _ask(self, id: str, lines: Sequence[Line], asked: Amount) -> Outcome:
        """Takes along what was settled here, so that the account stands as this process knows it to."""
        for _ in range(WAITS):
            if not self._settlements.are_sent_now:
                break
            await asyncio.sleep(WAIT_SECONDS)
        settled = self._take_along()
        try:
            outcome = await self._shared.reserve(id, lines, asked, settled)
        except BaseException:
            self._settlements.put(settled)
            raise
        self._write(settled)
        return outcome

    def _take_along(self) -> Sequence[Settlement]:
        with self._lock:
            unreleased, self._unreleased = self._unreleased, []
        return [*unreleased, *self._settlements.take()]

    def _reserve_here(self, id: str, limits: Limits, accounts: tuple[Account, ...], asked: Amount) -> Outcome:
        """By what the table had and this process spent and holds."""
        self._settlements.flush()
        known = self._read_or_recall(accounts)
        with self._lock:
            granted = asked
            for place, (limit, account, spent) in enumerate(zip(limits, accounts, known, strict=True)):
                granted = granted.least(limit.left(spent.plus(self._held_of(account)), asked))
                if falls_short(asked, granted):
                    return Outcome(SPENT, line=place)
            granted = Amount(max(0, granted.dollars), max(0, granted.tokens))
            self._held[id] = Settlement(id, accounts, granted, NOTHING)
        return Outcome(GRANTED, granted)

    def _held_of(self, account: Account) -> Amount:
        held = [one.granted for one in self._held.values() if account in one.accounts]
        return Amount(sum(one.dollars for one in held), sum(one.tokens for one in held))

    def _read_or_recall(self, accounts: Sequence[Account]) -> list[Amount]:
        """With the database away too, what is known of it goes on counting."""
        try:
            return self._read(accounts)
        except DATABASE_FAILURES:
            log.warning("spending_not_read")
            return [self._ledger.known(account) for account in accounts]

    def _read(self, accounts: Sequence[Account]) -> list[Amount]:
        try:
            return self._ledger.read(accounts)
        finally:
            close_old_connections()

    def _send(self, settled: Sequence[Settlement]) -> None:
        """What Valkey can't be told now it learns from the table later, and that nothing is held any more."""
        if not self._is_away():
            try:
                self._shared.settle(settled)
            except FAILURES as error:
                self._stay_away(error)
        if self._is_away():
            with self._lock:
                self._unreleased += [one._replace(spent=NOTHING) for one in settled if one.is_shared]
        self._write(settled)

    def _write(self, settled: Sequence[Settlement]) -> None:
        """Only once Valkey has them: what it is told of the table must not be counted there again."""
        for one in settled:
            if one.spent != NOTHING:
                self._ledger.add(one.accounts, one.spent)

    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def _stay_away(self, error: Exception) -> None:
        self._away_until = time.monotonic() + AWAY_SECONDS
        log.warning("budgets_counted_locally", error=str(error) or type(error).__name__)


def give_back(work: "asyncio.Task[Reservation]") -> None:
    with suppress(asyncio.CancelledError, BudgetSpent):
        work.result().give_back()


def refuse(limit: Limit, today: date) -> BudgetSpent:
    """Says whose budget is spent, and when it begins anew."""
    renews = limit.renews(today)
    period = "month" if limit.is_monthly else "day"
    message = f"The budget {OWNERS[limit.of]} for this {period} is spent. It begins anew on {renews:%Y-%m-%d} (UTC)."
    wait = (renews - datetime.now(UTC)).total_seconds()
    return BudgetSpent(f"budget {limit.budget}", message=message, retry_after=max(1.0, wait))


keeper = BudgetKeeper(SharedAccounts(), ledger)


async def reserve(caller: Caller, alias: CuratedAlias | None, *, dollars: Decimal, tokens: int) -> Reservation:
    """Grants the least of what is asked and what is left over all budgets of the caller and the alias.

    Raises BudgetSpent where nothing is left of what is asked. What asks for no dollars is kept by none from running.
    """
    limits = (await budgets.get_async()).find(caller, alias.id if alias else None)
    return await keeper.reserve(limits, Amount(in_units(dollars), tokens), datetime.now(UTC).date())
