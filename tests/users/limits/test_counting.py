"""Counting in the real Valkey, in one trip, and what happens while it is away or has forgotten."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django_redis import get_redis_connection
from limits.storage import RedisStorage
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError, TimeoutError

from apps.core.threads import BackgroundThread
from apps.users.limits import budgets
from apps.users.limits.budgets import UsageLedger, add_usage
from apps.users.limits.counting import AWAY_SECONDS, Counters
from apps.users.limits.models import KeyUsage
from apps.users.limits.policies import Budget, Limit
from apps.users.limits.shared import DIGEST, PREFIX, SharedCounters, key_names
from tests.users.factories import ApiKeyFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

MONTH = date(2026, 11, 1)


@pytest.fixture
def usage(monkeypatch: pytest.MonkeyPatch) -> UsageLedger:
    monkeypatch.setattr(BackgroundThread, "start", lambda self: None)
    return UsageLedger()


@pytest.fixture
def counters(usage: UsageLedger) -> Counters:
    return Counters(SharedCounters(), usage)


def a_limit(quota: int = 5) -> Limit:
    return Limit("key", uuid.uuid4().hex, quota)


def a_budget(quota: int = 5) -> Budget:
    return Budget(ApiKeyFactory().pk, quota, MONTH)


def codes(counters: Counters, times: int, *what: Any) -> list[str]:
    return [counters.count(*what).code for _ in range(times)]


class Away(SharedCounters):
    """A Valkey that does not answer."""

    asked = 0

    def count(self, *args: Any, **options: Any) -> Any:
        self.asked += 1
        raise ConnectionError("gone")


class TestWindow:
    def test_no_more_than_the_quota(self, counters: Counters) -> None:
        limit = a_limit()
        assert codes(counters, 7, limit) == [""] * 5 + ["rate_limited"] * 2
        verdict = counters.count(limit)
        assert verdict.window.remaining(5) == 0
        assert 0 < verdict.window.wait(5) <= 61

    def test_each_has_their_own(self, counters: Counters) -> None:
        assert codes(counters, 1, a_limit(1)) + codes(counters, 1, a_limit(1)) == ["", ""]

    def test_many_threads_get_no_more_together(self, counters: Counters) -> None:
        limit = a_limit(50)
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda _: counters.count(limit).code, range(200)))
        assert outcomes.count("") == 50

    def test_it_is_the_window_of_the_library(self, counters: Counters) -> None:
        """Whoever counts with `limits` itself counts the same."""
        limit = a_limit()
        codes(counters, 3, limit)
        client = get_redis_connection()
        theirs = RedisStorage("redis://", connection_pool=client.connection_pool, key_prefix=PREFIX)
        current = f"{limit.kind}:{limit.who}"
        assert theirs.get_sliding_window(current, 60)[2] == 3
        assert theirs.acquire_sliding_window_entry(current, 5, 60)
        assert counters.count(limit).window.current == 5

    def test_it_takes_one_trip(self, counters: Counters, monkeypatch: pytest.MonkeyPatch) -> None:
        limit, budget = a_limit(), a_budget()
        counters.count(limit, budget)
        here, trips, send = threading.current_thread(), [], AbstractConnection.send_packed_command

        def count_here(connection: AbstractConnection, command: Any, check_health: bool = True) -> None:
            if threading.current_thread() is here:
                trips.append(command)
            send(connection, command, check_health)

        monkeypatch.setattr(AbstractConnection, "send_packed_command", count_here)
        counters.count(limit, budget)
        assert len(trips) == 1

    def test_a_valkey_that_forgot_the_script_gets_it_again(self, counters: Counters) -> None:
        limit = a_limit()
        get_redis_connection().script_flush()
        assert codes(counters, 2, limit) == ["", ""]
        assert get_redis_connection().script_exists(DIGEST) == [True]

    def test_a_connection_that_was_cut_is_made_anew(self, counters: Counters) -> None:
        limit = a_limit()
        counters.count(limit)
        get_redis_connection().execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert counters.count(limit).window.current == 2


class TestAway:
    def test_the_process_counts_for_itself(self, usage: UsageLedger) -> None:
        counters = Counters(Away(), usage)
        assert codes(counters, 7, a_limit()) == [""] * 5 + ["rate_limited"] * 2

    def test_nobody_waits_for_it_over_and_over(self, usage: UsageLedger) -> None:
        shared = Away()
        counters = Counters(shared, usage)
        codes(counters, 20, a_limit(100))
        assert shared.asked == 1

    def test_it_is_asked_again_after_a_while(self, usage: UsageLedger, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [100.0]
        monkeypatch.setattr("apps.users.limits.counting.time.monotonic", lambda: now[0])
        shared = Away()
        counters = Counters(shared, usage)
        counters.count(a_limit())
        now[0] += AWAY_SECONDS
        counters.count(a_limit())
        assert shared.asked == 2

    def test_a_slow_one_is_as_good_as_none(self, usage: UsageLedger, monkeypatch: pytest.MonkeyPatch) -> None:
        shared = SharedCounters()

        def time_out(*args: Any) -> None:
            raise TimeoutError("slow")

        monkeypatch.setattr("apps.users.limits.shared.send", time_out)
        assert codes(Counters(shared, usage), 6, a_limit()) == [""] * 5 + ["rate_limited"]

    def test_a_server_that_is_not_there(self, usage: UsageLedger, settings: Any) -> None:
        settings.CACHES = {
            **settings.CACHES,
            "gone": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/valkey.sock?db=1"},
        }
        counters = Counters(SharedCounters("gone"), usage)
        assert codes(counters, 6, a_limit()) == [""] * 5 + ["rate_limited"]

    def test_budgets_hold_too_and_are_written(self, usage: UsageLedger) -> None:
        counters, budget = Counters(Away(), usage), a_budget(3)
        add_usage((budget.key, MONTH), 1)
        assert codes(counters, 3, a_limit(100), budget) == ["", "", "budget_spent"]
        usage.flush()
        assert KeyUsage.objects.get().used == 3


class TestBudget:
    def test_spent_is_spent(self, counters: Counters) -> None:
        budget = a_budget(3)
        assert codes(counters, 5, a_limit(100), budget) == [""] * 3 + ["budget_spent"] * 2
        assert counters.count(a_limit(100), budget).used == 3

    def test_what_is_limited_costs_nothing(self, counters: Counters) -> None:
        limit, budget = a_limit(2), a_budget(10)
        codes(counters, 5, limit, budget)
        assert counters.count(a_limit(), budget).used == 3

    def test_the_next_month_begins_anew(self, counters: Counters) -> None:
        budget = a_budget(1)
        codes(counters, 2, a_limit(100), budget)
        assert codes(counters, 1, a_limit(100), Budget(budget.key, 1, date(2026, 12, 1))) == [""]

    def test_it_is_written_once_a_while(
        self, counters: Counters, usage: UsageLedger, django_assert_num_queries: Any
    ) -> None:
        limit, budget = a_limit(100), a_budget(50)
        counters.count(limit, budget)
        with django_assert_num_queries(0):
            codes(counters, 9, limit, budget)
        for expected in (10, 10):
            usage.flush()
            assert KeyUsage.objects.get(key_id=budget.key, month=MONTH).used == expected

    def test_a_valkey_that_forgot_it_goes_on_from_the_table(self, counters: Counters, usage: UsageLedger) -> None:
        limit, budget = a_limit(100), a_budget(10)
        codes(counters, 4, limit, budget)
        usage.flush()
        codes(counters, 2, limit, budget)
        get_redis_connection().delete(key_names(limit, budget)[2])
        assert counters.count(limit, budget).used == 7

    def test_another_process_goes_on_from_the_table(self, counters: Counters, usage: UsageLedger) -> None:
        limit, budget = a_limit(100), a_budget(10)
        codes(counters, 4, limit, budget)
        usage.flush()
        get_redis_connection().delete(key_names(limit, budget)[2])
        assert Counters(SharedCounters(), UsageLedger()).count(limit, budget).used == 5

    def test_what_was_counted_while_valkey_was_away_is_told_to_it(self, usage: UsageLedger) -> None:
        limit, budget = a_limit(100), a_budget(50)
        together, alone = Counters(SharedCounters(), usage), Counters(Away(), usage)
        codes(together, 2, limit, budget)
        codes(alone, 5, limit, budget)
        usage.flush()
        assert together.count(limit, budget).used == 8

    def test_what_cannot_be_written_is_kept(self, usage: UsageLedger, monkeypatch: pytest.MonkeyPatch) -> None:
        budget = a_budget()
        usage.add(budget)

        def fail(*args: Any) -> int:
            raise budgets.DatabaseError("away")

        with monkeypatch.context() as patched:
            patched.setattr(budgets, "add_usage", fail)
            usage.flush()
        usage.flush()
        assert KeyUsage.objects.get().used == 1

    def test_a_key_that_is_no_more_is_no_error(self, usage: UsageLedger) -> None:
        usage.add(Budget(10**9, 5, MONTH))
        usage.flush()
        assert not KeyUsage.objects.exists()


def test_the_cache_is_not_in_the_way(counters: Counters) -> None:
    """Clearing what is cached must not make everybody's limits anew."""
    limit = a_limit(1)
    counters.count(limit)
    cache.delete_pattern("*")
    assert counters.count(limit).code == "rate_limited"
