"""Threads that do not start by themselves, connections that go, a day that does not end, and a Valkey that is swept."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from django.db import connections
from django_redis import get_redis_connection

from apps.core.threads import BackgroundThread
from apps.inference import kept
from apps.inference.budgets import reserving
from apps.inference.budgets.ledger import SpendingLedger
from apps.inference.budgets.limits import budgets
from apps.inference.budgets.reserving import BudgetKeeper
from apps.inference.budgets.shared import PREFIX, SharedAccounts

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
TODAY, THIS_MONTH = NOW.date(), date(2026, 11, 1)


def forget_accounts() -> None:
    client = get_redis_connection()
    for name in client.scan_iter(f"{PREFIX}*"):
        client.delete(name)


@pytest.fixture(autouse=True)
def by_hand(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(BackgroundThread, "start", lambda self: None)
    for module in (kept, reserving):  # threads of a pool keep their connections, and the test database could not go
        monkeypatch.setattr(module, "close_old_connections", connections.close_all)
    monkeypatch.setattr(reserving, "datetime", SimpleNamespace(now=lambda zone: NOW))
    monkeypatch.setattr(reserving, "AWAY_SECONDS", 3600.0)  # once it is away it stays so for the whole test
    budgets.forget()
    yield
    budgets.forget()
    forget_accounts()


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> BudgetKeeper:
    """What `reserve` goes to."""
    keeper = BudgetKeeper(SharedAccounts(), SpendingLedger())
    monkeypatch.setattr(reserving, "keeper", keeper)
    return keeper
