"""Whatever processes do, in whatever order: never more is granted than is left, nothing is lost or counted twice."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django_redis import get_redis_connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.inference.budgets.ledger import SpendingLedger
from apps.inference.budgets.policies import Account, Amount, Limit, in_dollars
from apps.inference.budgets.reserving import BudgetKeeper, Reservation
from apps.inference.budgets.shared import SharedAccounts, names_of
from apps.inference.errors import BudgetSpent
from apps.inference.models import Budget, Spending
from tests.inference.budgets.conftest import TODAY, forget_accounts
from tests.inference.factories import AliasFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.slow(seconds=6), pytest.mark.django_db(transaction=True)]

AMOUNTS = st.integers(0, 60)
PROCESSES = st.integers(0, 1)


@dataclass
class Process:
    keeper: BudgetKeeper
    live: list[Reservation] = field(default_factory=list)

    @classmethod
    def start(cls) -> "Process":
        return cls(BudgetKeeper(SharedAccounts(), SpendingLedger()))


class Budgets(RuleBasedStateMachine):
    """Two processes and two budgets; amounts of dollars are in the units that they are counted in."""

    def __init__(self) -> None:
        super().__init__()
        forget_accounts()
        self.loop = asyncio.new_event_loop()
        self.processes = [Process.start(), Process.start()]
        self.spent: Counter[tuple[int, str]] = Counter()
        self.held: dict[str, tuple[tuple[Limit, ...], Amount]] = {}
        self.orphans: list[tuple[str, tuple[Limit, ...], Amount]] = []

    @initialize(dollars=st.integers(50, 200), tokens=st.integers(50, 200))
    def set_budgets(self, dollars: int, tokens: int) -> None:
        of_user = Budget.objects.create(user=UserFactory(), tokens=tokens, dollars=1)
        of_alias = Budget.objects.create(alias=AliasFactory(), tokens=tokens + 20)
        self.limits = (
            Limit(of_user.pk, "user", False, dollars, tokens),
            Limit(of_alias.pk, "alias", True, None, tokens + 20),
        )

    @rule(process=PROCESSES, dollars=AMOUNTS, tokens=AMOUNTS, of_all=st.booleans())
    def reserve(self, process: int, dollars: int, tokens: int, of_all: bool) -> None:
        limits = self.limits if of_all else self.limits[:1]
        asked = Amount(dollars, tokens)
        for other in self.processes:  # so that what is left is known exactly
            other.keeper._settlements.flush()
        left = self.left(limits, asked)
        is_spent = (dollars > 0 >= left.dollars) or (tokens > 0 >= left.tokens)
        try:
            got = self.run(self.processes[process].keeper.reserve(limits, asked, TODAY))
        except BudgetSpent:
            assert is_spent
            return
        assert not is_spent
        assert got._granted == Amount(max(0, left.dollars), max(0, left.tokens))
        self.held[got._id] = (limits, got._granted)
        self.processes[process].live.append(got)

    @precondition(lambda self: any(process.live for process in self.processes))
    @rule(data=st.data(), over=st.integers(0, 5), times=st.integers(1, 2))
    def settle(self, data: st.DataObject, over: int, times: int) -> None:
        """At any part of what was granted, or at a little more, as a stream may come to."""
        process = data.draw(st.sampled_from([process for process in self.processes if process.live]))
        got = process.live.pop(data.draw(st.integers(0, len(process.live) - 1)))
        spent = Amount(
            data.draw(st.integers(0, got._granted.dollars)) + over,
            data.draw(st.integers(0, got._granted.tokens)) + over,
        )
        for _ in range(times):
            self.run(got.settle(in_dollars(spent.dollars), spent.tokens))
        limits, _ = self.held.pop(got._id)
        for limit in limits:
            self.spent[limit.budget, "dollars"] += spent.dollars
            self.spent[limit.budget, "tokens"] += spent.tokens

    @precondition(lambda self: any(process.live for process in self.processes))
    @rule(process=PROCESSES)
    def give_all_back(self, process: int) -> None:
        for got in self.processes[process].live:
            got.give_back()
            self.held.pop(got._id)
        self.processes[process].live.clear()

    @rule(process=PROCESSES)
    def write(self, process: int) -> None:
        self.processes[process].keeper.flush()

    @rule(process=PROCESSES)
    def crash(self, process: int) -> None:
        """With all it settled told: what it still held nobody will settle."""
        gone = self.processes[process]
        gone.keeper.flush()
        self.orphans += [(got._id, *self.held[got._id]) for got in gone.live]
        self.processes[process] = Process.start()

    @rule()
    def wait_until_orphans_run_out(self) -> None:
        client = get_redis_connection()
        for id, limits, granted in self.orphans:
            for limit in limits:
                member = f"{id}:{granted.dollars}:{granted.tokens}"
                client.zadd(names_of(limit.account(TODAY))[1], {member: 0}, xx=True)
            self.held.pop(id, None)
        self.orphans.clear()

    @precondition(lambda self: not self.held)
    @rule()
    def lose_valkey(self) -> None:
        for process in self.processes:
            process.keeper._settlements.flush()
        for process in self.processes:
            process.keeper._ledger.flush()
        forget_accounts()

    @invariant()
    def nothing_is_counted_twice(self) -> None:
        """What Valkey has is never more than what was spent."""
        for account, figures in self.known().items():
            assert figures["d"] <= self.spent[account.budget, "dollars"]
            assert figures["t"] <= self.spent[account.budget, "tokens"]

    def teardown(self) -> None:
        for process in self.processes:
            process.keeper.flush()
        for limit in getattr(self, "limits", ()):
            row = Spending.objects.filter(budget_id=limit.budget).first()
            expected = Amount(self.spent[limit.budget, "dollars"], self.spent[limit.budget, "tokens"])
            found = (row.dollars, row.tokens) if row else (0, 0)
            assert found == (in_dollars(expected.dollars), expected.tokens)
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def left(self, limits: tuple[Limit, ...], asked: Amount) -> Amount:
        """Of what is asked, what is left in all of them."""
        left = asked
        for limit in limits:
            taken = Amount(self.spent[limit.budget, "dollars"], self.spent[limit.budget, "tokens"])
            for others, granted in self.held.values():
                taken = taken.plus(granted) if limit in others else taken
            left = left.least(limit.left(taken, asked))
        return left

    def known(self) -> Mapping[Account, dict[str, int]]:
        client = get_redis_connection()
        found = {}
        for limit in getattr(self, "limits", ()):
            account = limit.account(TODAY)
            figures = client.hgetall(names_of(account)[0])
            if figures:
                found[account] = {name.decode(): int(value) for name, value in figures.items()}
        return found

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)


def test_budgets_hold() -> None:
    run_state_machine_as_test(
        Budgets,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
