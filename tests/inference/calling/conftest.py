from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from apps.inference import curated
from apps.inference.calling import course, trying
from apps.inference.curated import Curated, CuratedAlias
from apps.inference.errors import BudgetSpent
from apps.inference.exchange import Caller, Exchange
from tests.inference.serving import Purse, Recorded

Curate = Callable[[Curated], None]


@pytest.fixture
def curate(monkeypatch: pytest.MonkeyPatch) -> Curate:
    """Puts models there that no table has."""

    def put(found: Curated) -> None:
        monkeypatch.setattr(curated._kept, "_known", found)
        monkeypatch.setattr(curated._kept, "_looked", float("inf"))

    return put


@pytest.fixture(autouse=True)
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Recorded]:
    calls: list[Recorded] = []

    def record_call(exchange: Exchange, **facts: Any) -> None:
        calls.append(Recorded(exchange, **facts))

    monkeypatch.setattr(course, "record_call", record_call)
    return calls


class Grant:
    def __init__(self, purse: Purse, dollars: Decimal, tokens: int) -> None:
        self._purse = purse
        self.dollars = dollars
        self.tokens = tokens

    async def settle(self, dollars: Decimal, tokens: int) -> None:
        self._purse.open -= 1
        self._purse.settled.append((dollars, tokens))


@pytest.fixture(autouse=True)
def purse(monkeypatch: pytest.MonkeyPatch) -> Purse:
    """Stands for all budgets; it is without limit unless a test sets one."""
    purse = Purse()

    async def reserve(caller: Caller, alias: CuratedAlias | None, *, dollars: Decimal, tokens: int) -> Grant:
        spent_dollars, spent_tokens = purse.spent
        left = purse.dollars - spent_dollars, purse.tokens - spent_tokens
        if left[0] <= 0 < dollars or left[1] <= 0:
            raise BudgetSpent
        purse.open += 1
        return Grant(purse, min(dollars, left[0]), min(tokens, left[1]))

    monkeypatch.setattr(trying, "reserve", reserve)
    return purse
