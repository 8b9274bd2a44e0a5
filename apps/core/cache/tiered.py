"""The two tiers as one cache, with single-flight and statistics."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from apps.core import metrics
from apps.core.cache.behind import WriteBehind
from apps.core.cache.local import Entry, LocalTier
from apps.core.cache.policy import CachePolicy, make_key
from apps.core.cache.shared import SharedTier

Tier = Literal["local", "shared"]
POLL_SECONDS = 0.02


@dataclass(slots=True)
class _Flights:
    """One lock a key for as long as somebody computes or waits for it."""

    guard: threading.Lock = field(default_factory=threading.Lock)
    locks: dict[str, threading.Lock] = field(default_factory=dict)
    waiters: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @contextmanager
    def enter(self, key: str) -> Iterator[None]:
        with self.guard:
            lock = self.locks.setdefault(key, threading.Lock())
            self.waiters[key] += 1
        try:
            with lock:
                yield
        finally:
            with self.guard:
                self.waiters[key] -= 1
                if not self.waiters[key]:
                    del self.waiters[key], self.locks[key]


class TieredCache:
    """A `recipe` is any JSON value that names all that made the cached value; equal recipes share a value."""

    def __init__(
        self, policy: CachePolicy, *, local: LocalTier | None = None, shared: SharedTier | None = None
    ) -> None:
        self.policy = policy
        self.local = local or LocalTier(size=policy.local_size, ttl=policy.local_ttl)
        self.shared = (shared or SharedTier(ttl=policy.shared_ttl)) if policy.shared else None
        self._behind = WriteBehind(self.shared.set_many) if self.shared and policy.write_behind else None
        self._flights = _Flights()
        self._hits: dict[Tier, int] = {"local": 0, "shared": 0}
        self._misses = 0
        self._age = 0.0

    def get(self, recipe: object) -> Any | None:
        """The value, or None: None itself is never cached."""
        entry = self._find(make_key(self.policy, recipe))
        if entry is None:
            self._misses += 1
            metrics.count("cache_misses", namespace=self.policy.namespace)
        return entry.value if entry else None

    def set(self, recipe: object, value: Any) -> None:
        self._store(make_key(self.policy, recipe), value)

    def delete(self, recipe: object) -> None:
        key = make_key(self.policy, recipe)
        self.local.delete(key)
        if self.shared:
            self.shared.delete(key)

    def get_or_compute(self, recipe: object, compute: Callable[[], Any]) -> Any:
        """The cached value, else `compute()`'s, which runs once for all that ask at the same time."""
        value = self.get(recipe)
        if value is not None:
            return value
        key = make_key(self.policy, recipe)
        with self._flights.enter(key):
            entry = self._find(key, counted=False)
            return entry.value if entry else self._compute(key, compute)

    def _compute(self, key: str, compute: Callable[[], Any]) -> Any:
        if self.shared and not self.shared.claim(key, self.policy.flight_seconds):
            entry = self._await_other(key)
            if entry:
                return entry.value
        try:
            value = compute()
            if value is not None:
                self._store(key, value)
            return value
        finally:
            if self.shared:
                self.shared.release(key)

    def _await_other(self, key: str) -> Entry | None:
        deadline = time.monotonic() + self.policy.flight_seconds
        while time.monotonic() < deadline:
            entry = self._find(key, counted=False)
            if entry or (self.shared and self.shared.claim(key, self.policy.flight_seconds)):
                return entry
            time.sleep(POLL_SECONDS)
        return None

    def _find(self, key: str, *, counted: bool = True) -> Entry | None:
        entry = self.local.get(key)
        tier: Tier = "local"
        if entry is None and self.shared:
            entry, tier = self.shared.get(key), "shared"
            if entry:
                self.local.set(key, entry)
        if entry and counted:
            self._hits[tier] += 1
            self._age += max(0.0, time.time() - entry.made_at)
            metrics.count("cache_hits", namespace=self.policy.namespace, tier=tier)
        return entry

    def _store(self, key: str, value: Any) -> None:
        entry = Entry(value, time.time())
        self.local.set(key, entry)
        if self._behind:
            self._behind.put(key, entry)
        elif self.shared:
            self.shared.set(key, entry)

    def statistics(self) -> dict[str, float | str]:
        """This process's counts since its start; `mean_age` is the age in seconds of what hits returned."""
        hits = sum(self._hits.values())
        asked = hits + self._misses
        return {
            "namespace": self.policy.namespace,
            "entries": len(self.local),
            "hits_local": self._hits["local"],
            "hits_shared": self._hits["shared"],
            "misses": self._misses,
            "hit_ratio": hits / asked if asked else 0.0,
            "evictions": self.local.evictions,
            "errors": self.shared.errors if self.shared else 0,
            "mean_age": self._age / hits if hits else 0.0,
        }
