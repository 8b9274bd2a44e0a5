"""Caches in the real Valkey. What another process has is another cache of the same type."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django_redis import get_redis_connection

from apps.core.threads import BackgroundThread
from apps.inference.caching import limits, response
from apps.inference.caching.kinds import DEFAULTS, CacheKind, CacheLimits
from apps.inference.caching.response import ResponseCache
from apps.inference.caching.shared import PREFIX

numbers = itertools.count(1)


@dataclass
class Clock:
    """Seconds, for all that a cache asks the time of."""

    now: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is written but when a test says so, and nothing stays."""
    monkeypatch.setattr(BackgroundThread, "start", lambda self: None)
    set_limits(monkeypatch)
    response.response_cache.cache_clear()
    forget_all()
    yield
    forget_all()
    response.response_cache.cache_clear()


def set_limits(monkeypatch: pytest.MonkeyPatch, **changed: CacheLimits) -> None:
    """Without the table."""
    known = {**DEFAULTS, **{CacheKind(name): limit for name, limit in changed.items()}}
    monkeypatch.setattr(limits.limits, "_known", known)
    monkeypatch.setattr(limits.limits, "_looked", float("inf"))


def forget_all() -> None:
    client = get_redis_connection()
    for name in client.scan_iter(f"{PREFIX}*"):
        client.delete(name)


Make = Callable[[], ResponseCache]


@pytest.fixture
def make(clock: Clock) -> Make:
    """Another process's cache of the same type."""

    def build(**more: Any) -> ResponseCache:
        return ResponseCache(CacheKind.TEXT, clock=clock, timer=clock, **more)

    return build
