"""Reserving in the real Valkey and the real table, and what holds while either is away."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django_redis import get_redis_connection
from redis.asyncio.client import Pipeline
from redis.exceptions import ConnectionError

from apps.inference.budgets import ledger, reserving
from apps.inference.budgets.ledger import SpendingLedger
from apps.inference.budgets.limits import budgets
from apps.inference.budgets.policies import Account, Amount, Limit
from apps.inference.budgets.reserving import BudgetKeeper, Reservation, reserve
from apps.inference.budgets.shared import SharedAccounts, names_of
from apps.inference.curated import CuratedAlias
from apps.inference.errors import BudgetSpent
from apps.inference.exchange import Caller
from apps.inference.models import Budget, Spending
from tests.inference.budgets.conftest import THIS_MONTH, TODAY, forget_accounts
from tests.inference.factories import AliasFactory
from tests.users.factories import ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

CENT = Decimal("0.01")


class Away(SharedAccounts):
    """A Valkey that does not answer."""

    asked = 0

    async def reserve(self, *args: Any) -> Any:
        self.asked += 1
        raise ConnectionError("gone")

    def settle(self, *args: Any) -> None:
        self.asked += 1
        raise ConnectionError("gone")


def spent_of(budget: Budget) -> tuple[Decimal, int]:
    row = Spending.objects.get(budget=budget)
    return row.dollars, row.tokens


def a_budget(**options: Any) -> tuple[Caller, Budget]:
    user = UserFactory()
    return Caller(user=user.pk), Budget.objects.create(user=user, **options)


async def ask(caller: Caller, dollars: Any = 0, tokens: int = 0, alias: CuratedAlias | None = None) -> Reservation:
    return await reserve(caller, alias, dollars=Decimal(dollars), tokens=tokens)


async def ask_and_settle(caller: Caller, dollars: Decimal, tokens: int = 0) -> None:
    reservation = await ask(caller, dollars, tokens)
    await reservation.settle(dollars, tokens)


def run(*coroutines: Coroutine[Any, Any, Any]) -> list[Any]:
    """One after the other, in one loop."""

    async def all_of_them() -> list[Any]:
        return [await one for one in coroutines]

    return asyncio.run(all_of_them())


def test_the_least_of_what_is_asked_and_left_is_granted(keeper: BudgetKeeper) -> None:
    caller, budget = a_budget(dollars=1, tokens=1000)

    async def scenario() -> None:
        first = await ask(caller, "0.4", 600)
        assert (first.dollars, first.tokens) == (Decimal("0.4"), 600)
        second = await ask(caller, "0.4", 600)
        assert (second.dollars, second.tokens) == (Decimal("0.4"), 400)
        with pytest.raises(BudgetSpent):
            await ask(caller, "0.4", 600)
        await second.settle(Decimal("0.1"), 100)
        third = await ask(caller, "0.9", 600)
        assert (third.dollars, third.tokens) == (Decimal("0.5"), 300)
        await first.settle(Decimal("0.4"), 600)
        await third.settle(Decimal(0), 0)

    asyncio.run(scenario())
    keeper.flush()
    assert spent_of(budget) == (Decimal("0.5"), 700)
    assert Spending.objects.get().since == THIS_MONTH


def test_whoever_is_refused_is_told_whose_budget_it_is_and_when_it_begins_anew(keeper: BudgetKeeper) -> None:
    caller, _ = a_budget(dollars=0, period="day")
    with pytest.raises(BudgetSpent) as refusal:
        run(ask(caller, CENT))
    assert str(refusal.value) == (
        "The budget of your account for this day is spent. It begins anew on 2026-11-23 (UTC)."
    )
    assert refusal.value.retry_after == 13.5 * 3600


def test_what_costs_nothing_runs_on_a_spent_budget(keeper: BudgetKeeper) -> None:
    caller, _ = a_budget(dollars=0)
    [reservation] = run(ask(caller, 0, 500))
    assert (reservation.dollars, reservation.tokens) == (0, 500)


def test_all_budgets_of_a_call_hold_and_one_that_is_spent_takes_nothing_of_the_others(keeper: BudgetKeeper) -> None:
    key, alias = ApiKeyFactory(), AliasFactory()
    of_key = Budget.objects.create(key=key, tokens=100)
    Budget.objects.create(user=key.user, tokens=500)
    of_alias = Budget.objects.create(alias=alias, tokens=50, period="day")
    caller, curated = Caller(key.user_id, key.pk), CuratedAlias(alias.pk, alias.name, "", ())

    async def scenario() -> None:
        first = await ask(caller, tokens=80, alias=curated)
        assert first.tokens == 50
        with pytest.raises(BudgetSpent, match="of this alias"):
            await ask(caller, tokens=80, alias=curated)
        second = await ask(caller, tokens=80)
        assert second.tokens == 50
        await first.settle(Decimal(0), 50)
        await second.settle(Decimal(0), 0)

    asyncio.run(scenario())
    keeper.flush()
    assert spent_of(of_key) == spent_of(of_alias) == (0, 50)


def test_without_a_budget_valkey_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    away = Away()
    monkeypatch.setattr(reserving, "keeper", BudgetKeeper(away, SpendingLedger()))
    a_budget(dollars=0)
    [reservation] = run(ask(Caller(user=UserFactory().pk), "5", 7))
    assert (reservation.dollars, reservation.tokens) == (5, 7)
    run(reservation.settle(Decimal(5), 7))
    assert not away.asked


def test_with_budgets_it_is_one_trip(keeper: BudgetKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    caller, _ = a_budget(dollars=1)
    Budget.objects.create(user_id=caller.user, period="day", tokens=10_000)
    trips: list[int] = []
    execute = Pipeline.execute

    async def count_and_execute(pipeline: Any, **options: Any) -> Any:
        trips.append(len(pipeline.command_stack))
        return await execute(pipeline, **options)

    async def scenario() -> None:
        await ask_and_settle(caller, CENT)
        monkeypatch.setattr(Pipeline, "execute", count_and_execute)
        await ask(caller, CENT)

    asyncio.run(scenario())
    assert trips == [2]  # a settlement came along


def test_a_second_settlement_changes_nothing(keeper: BudgetKeeper) -> None:
    caller, budget = a_budget(dollars=1)
    [reservation] = run(ask(caller, CENT))
    run(reservation.settle(CENT, 3), reservation.settle(CENT, 3))
    keeper.flush()
    assert spent_of(budget) == (CENT, 3)


def test_a_settlement_that_is_sent_twice_counts_once(keeper: BudgetKeeper) -> None:
    caller, _ = a_budget(dollars=1)
    [reservation] = run(ask(caller, CENT))
    run(reservation.settle(CENT, 3))
    settled = keeper._settlements.take()
    for _ in range(2):
        SharedAccounts().settle(settled)
    [left] = run(ask(caller, 1))
    assert left.dollars == Decimal("0.99")


def test_what_is_given_up_while_valkey_grants_it_is_given_back(
    keeper: BudgetKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, _ = a_budget(dollars=1)

    async def scenario() -> None:
        reached = asyncio.Event()
        really = keeper._shared.reserve

        async def reserve_slowly(*args: Any) -> Any:
            reached.set()
            await asyncio.sleep(0)
            return await really(*args)

        monkeypatch.setattr(keeper._shared, "reserve", reserve_slowly)
        asking = asyncio.ensure_future(ask(caller, 1))
        await reached.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        while not keeper._settlements._waiting:
            await asyncio.sleep(0.001)
        assert (await ask(caller, 1)).dollars == 1

    asyncio.run(scenario())


def test_many_at_once_get_no_more_together(keeper: BudgetKeeper) -> None:
    caller, _ = a_budget(tokens=100)
    others = [keeper, *(BudgetKeeper(SharedAccounts(), SpendingLedger()) for _ in range(3))]

    async def scenario() -> None:
        limits = (await budgets.get_async()).find(caller, None)
        asked = [others[number % 4].reserve(limits, Amount(0, 7), TODAY) for number in range(40)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        granted = [one.tokens for one in outcomes if isinstance(one, Reservation)]
        assert sum(granted) == 100
        assert sum(isinstance(one, BudgetSpent) for one in outcomes) == 40 - len(granted)

    asyncio.run(scenario())


class TestLost:
    def test_a_valkey_that_forgot_goes_on_from_the_table(self, keeper: BudgetKeeper) -> None:
        caller, _ = a_budget(dollars=1)
        run(ask_and_settle(caller, Decimal("0.25")))
        keeper.flush()
        forget_accounts()
        [left] = run(ask(caller, 1))
        assert left.dollars == Decimal("0.75")

    def test_what_is_not_in_the_table_yet_is_not_lost_with_it(self, keeper: BudgetKeeper) -> None:
        caller, budget = a_budget(dollars=1)
        run(ask_and_settle(caller, Decimal("0.25")))
        keeper._settlements.flush()
        forget_accounts()
        run(ask_and_settle(caller, Decimal("0.25")))
        keeper.flush()
        assert spent_of(budget)[0] == Decimal("0.5")
        [left] = run(ask(caller, 1))
        assert left.dollars == Decimal("0.5")

    def test_it_gets_its_scripts_again(self, keeper: BudgetKeeper) -> None:
        caller, _ = a_budget(dollars=1)
        run(ask_and_settle(caller, CENT))
        get_redis_connection().script_flush()
        [left] = run(ask(caller, 1))
        assert left.dollars == Decimal("0.99")

    def test_a_reservation_whose_process_is_gone_runs_out(self, keeper: BudgetKeeper) -> None:
        caller, budget = a_budget(tokens=100)
        run(ask(caller, tokens=60))
        account = Account(budget.pk, THIS_MONTH)
        held = names_of(account)[1]
        client = get_redis_connection()
        [left] = run(ask(caller, tokens=100))
        assert left.tokens == 40
        client.zadd(held, dict.fromkeys(client.zrange(held, 0, -1), 0))
        [left] = run(ask(caller, tokens=100))
        assert left.tokens == 100


class TestAway:
    def test_the_process_counts_by_itself_against_the_table(self, monkeypatch: pytest.MonkeyPatch) -> None:
        away = Away()
        keeper = BudgetKeeper(away, SpendingLedger())
        monkeypatch.setattr(reserving, "keeper", keeper)
        caller, budget = a_budget(tokens=100)
        Spending.objects.create(budget=budget, since=THIS_MONTH, tokens=30)

        async def scenario() -> None:
            first = await ask(caller, tokens=50)
            second = await ask(caller, tokens=50)
            assert (first.tokens, second.tokens) == (50, 20)
            with pytest.raises(BudgetSpent):
                await ask(caller, tokens=1)
            await first.settle(Decimal(0), 10)
            assert (await ask(caller, tokens=50)).tokens == 40

        asyncio.run(scenario())
        assert away.asked == 1  # and then left alone
        keeper.flush()
        assert spent_of(budget)[1] == 40

    def test_what_was_spent_meanwhile_is_told_to_it(self, keeper: BudgetKeeper) -> None:
        caller, budget = a_budget(tokens=100)
        run(ask_and_settle(caller, Decimal(0), 5))
        keeper._stay_away(ConnectionError("gone"))
        run(ask_and_settle(caller, Decimal(0), 20))
        keeper.flush()
        keeper._away_until = 0
        [left] = run(ask(caller, tokens=100))
        assert left.tokens == 75
        assert spent_of(budget)[1] == 25

    def test_with_the_database_away_too_what_is_known_goes_on(
        self, keeper: BudgetKeeper, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        caller, _ = a_budget(tokens=100)
        run(ask_and_settle(caller, Decimal(0), 30))
        keeper.flush()

        def fail(*args: Any) -> Any:
            raise ledger.DatabaseError("away")

        monkeypatch.setattr(keeper._ledger, "read", fail)
        keeper._stay_away(ConnectionError("gone"))
        [left] = run(ask(caller, tokens=100))
        assert left.tokens == 70


class TestLedger:
    def test_what_cannot_be_written_is_kept(self, keeper: BudgetKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
        caller, budget = a_budget(dollars=1)
        run(ask_and_settle(caller, CENT))

        def fail(*args: Any) -> Any:
            raise ledger.DatabaseError("away")

        with monkeypatch.context() as patched:
            patched.setattr(ledger, "add_spending", fail)
            keeper.flush()
        assert not Spending.objects.exists()
        keeper.flush()
        assert spent_of(budget)[0] == CENT

    def test_a_budget_that_is_no_more_is_no_error(self, keeper: BudgetKeeper) -> None:
        caller, budget = a_budget(dollars=1)
        run(ask_and_settle(caller, CENT))
        budget.delete()
        keeper.flush()
        assert not Spending.objects.exists()

    def test_two_processes_add_up(self, keeper: BudgetKeeper) -> None:
        _, budget = a_budget(dollars=1)
        account = Account(budget.pk, date(2026, 11, 1))
        ledgers: Sequence[SpendingLedger] = (SpendingLedger(), SpendingLedger())
        for one in ledgers:
            one.add([account], Amount(100, 1))
            one.flush()
        assert ledgers[1].written(account) == Amount(200, 2)
        assert ledgers[0].written(account) == Amount(100, 1)
        assert ledgers[0].read([account]) == [Amount(200, 2)]


def test_a_change_of_a_budget_counts_within_a_second(keeper: BudgetKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    caller, budget = a_budget(tokens=10)
    assert run(ask(caller, tokens=50))[0].tokens == 10
    Budget.objects.filter(pk=budget.pk).update(tokens=30)
    monkeypatch.setattr(budgets, "_looked", 0.0)
    assert run(ask(caller, tokens=50))[0].tokens == 20


@pytest.mark.parametrize(
    ("is_monthly", "today", "since", "renews"),
    [
        (False, date(2026, 12, 31), date(2026, 12, 31), datetime(2027, 1, 1, tzinfo=UTC)),
        (True, date(2026, 12, 31), date(2026, 12, 1), datetime(2027, 1, 1, tzinfo=UTC)),
        (True, date(2028, 2, 29), date(2028, 2, 1), datetime(2028, 3, 1, tzinfo=UTC)),
    ],
)
def test_periods_are_days_and_months(is_monthly: bool, today: date, since: date, renews: datetime) -> None:
    limit = Limit(1, "key", is_monthly, None, 5)
    assert limit.account(today) == Account(1, since)
    assert limit.renews(today) == renews
