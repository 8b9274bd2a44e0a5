"""Counting a request towards what it is limited by, wherever that can be counted."""

import threading
import time
from collections.abc import Iterable, Sequence
from functools import partial

import structlog
from django.db import transaction
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from apps.users.limits.budgets import UsageLedger, ledger
from apps.users.limits.policies import MINUTE, Budget, Limit, Verdict, Window
from apps.users.limits.shared import ALLOWED, FAILURES, LIMITED, SPENT, UNSEEDED, Counted, SharedCounters

CODES = {ALLOWED: "", LIMITED: "rate_limited", SPENT: "budget_spent"}
AWAY_SECONDS = 2.0
"""How long Valkey is left alone once it did not answer: nobody is to wait for it over and over."""

log = structlog.get_logger(__name__)


class LocalCounters:
    """The same counters in this process alone."""

    def __init__(self, usage: UsageLedger) -> None:
        self._storage = MemoryStorage()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)
        self._usage = usage

    def count(self, limit: Limit, budget: Budget | None) -> Counted:
        item = RateLimitItemPerMinute(limit.quota)
        names = (limit.kind, limit.who)
        used = self._usage.read(budget) if budget else 0
        if budget and used >= budget.quota:
            outcome = SPENT
        elif self._limiter.hit(item, *names):
            outcome = ALLOWED
        else:
            outcome = LIMITED
        window = Window(*self._storage.get_sliding_window(item.key_for(*names), MINUTE))
        return Counted(outcome, used + (outcome == ALLOWED), window, None)


class Counters:
    """Shared ones while Valkey answers, else those of the process: never an error, and never without a limit."""

    def __init__(self, shared: SharedCounters, usage: UsageLedger) -> None:
        self._shared = shared
        self._usage = usage
        self._local: LocalCounters | None = None
        self._away_until = 0.0
        self._lock = threading.Lock()

    def count(self, limit: Limit, budget: Budget | None = None) -> Verdict:
        counted = self._count_shared(limit, budget) or self._count_local(limit, budget)
        if budget and counted.outcome == ALLOWED:
            self._usage.add(budget)
        return Verdict(limit, counted.window, budget, counted.used, CODES[counted.outcome], counted.version)

    def change_versions(self, limits: Sequence[Limit]) -> None:
        """Has every process read these anew. While Valkey is away they do so when they would have anyway."""
        try:
            self._shared.change_versions(limits)
        except FAILURES as error:
            names = [f"{limit.kind}:{limit.who}" for limit in limits]
            log.warning("changes_not_told", names=names, error=str(error) or type(error).__name__)

    def _count_shared(self, limit: Limit, budget: Budget | None) -> Counted | None:
        if time.monotonic() < self._away_until:
            return None
        try:
            counted = self._shared.count(limit, budget, self._usage.written(budget) if budget else None)
            if counted.outcome == UNSEEDED and budget:
                counted = self._shared.count(limit, budget, self._usage.read(budget, anew=True), whole=True)
        except FAILURES as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            log.warning("limits_counted_locally", error=str(error) or type(error).__name__)
            return None
        return counted

    def _count_local(self, limit: Limit, budget: Budget | None) -> Counted:
        with self._lock:
            if self._local is None:
                self._local = LocalCounters(self._usage)
        return self._local.count(limit, budget)


counters = Counters(SharedCounters(), ledger)


def count(limit: Limit, budget: Budget | None = None) -> Verdict:
    return counters.count(limit, budget)


def tell_of_changes(keys: Iterable[int] = (), *, users: Iterable[int] = ()) -> None:
    """Once the present transaction is committed, no process goes by what it kept of these.

    They are ids, of keys and of who tokens are of.
    """
    limits = [Limit(kind, str(one), 0) for kind, ids in (("key", keys), ("user", users)) for one in ids]
    if limits:
        transaction.on_commit(partial(counters.change_versions, limits), robust=True)
