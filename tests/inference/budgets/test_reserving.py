"""Reserving in the real Valkey and the real table, and what holds while either is away."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connections
from django_redis import get_redis_connection

from apps.core.threads import BackgroundThread
from apps.inference import kept
from apps.inference.budgets import reserving
from apps.inference.budgets.ledger import SpendingLedger
from apps.inference.budgets.limits import budgets
from apps.inference.budgets.reserving import BudgetKeeper, reserve
from apps.inference.budgets.shared import PREFIX, SharedAccounts
from apps.inference.exchange import Caller
from apps.inference.models import Budget, Spending
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[BudgetKeeper]:
    monkeypatch.setattr(BackgroundThread, "start", lambda self: None)
    keeper = BudgetKeeper(SharedAccounts(), SpendingLedger())
    monkeypatch.setattr(reserving, "keeper", keeper)
    for module in (kept, reserving):  # threads of a pool keep their connections, and the test database could not go
        monkeypatch.setattr(module, "close_old_connections", connections.close_all)
    budgets.forget()
    yield keeper
    budgets.forget()
    client = get_redis_connection()
    for name in client.scan_iter(f"{PREFIX}*"):
        client.delete(name)


def test_it_grants_what_is_left(keeper: BudgetKeeper) -> None:
    user = UserFactory()
    budget = Budget.objects.create(user=user, dollars=Decimal("1"), tokens=1000)

    async def scenario() -> None:
        first = await reserve(Caller(user=user.pk), None, dollars=Decimal("0.4"), tokens=600)
        assert (first.dollars, first.tokens) == (Decimal("0.4"), 600)
        second = await reserve(Caller(user=user.pk), None, dollars=Decimal("0.4"), tokens=600)
        assert (second.dollars, second.tokens) == (Decimal("0.4"), 400)
        with pytest.raises(reserving.BudgetSpent):
            await reserve(Caller(user=user.pk), None, dollars=Decimal("0.4"), tokens=600)
        await second.settle(Decimal("0.1"), 100)
        third = await reserve(Caller(user=user.pk), None, dollars=Decimal("0.9"), tokens=600)
        assert (third.dollars, third.tokens) == (Decimal("0.5"), 300)
        await first.settle(Decimal("0.4"), 600)
        await third.settle(Decimal(0), 0)

    asyncio.run(scenario())
    keeper.flush()
    spending = Spending.objects.get(budget=budget)
    assert (spending.dollars, spending.tokens) == (Decimal("0.5"), 700)
    assert spending.since == date.today().replace(day=1) == datetime.now(UTC).date().replace(day=1)
