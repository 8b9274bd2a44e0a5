"""Caches in the real Valkey. What another process has is another cache of the same type."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django_redis import get_redis_connection

from apps.core.threads import BackgroundThread
from apps.inference import curated
from apps.inference.caching import alike as level
from apps.inference.caching import exchanges, limits, meaning, response, shared, watching
from apps.inference.caching.flights import Flights
from apps.inference.caching.kinds import DEFAULTS, CacheKind, CacheLimits
from apps.inference.caching.response import ResponseCache
from apps.inference.calling import course
from apps.inference.curated import Curated
from apps.inference.models import CacheLevel
from tests.inference.caching.asking import make_engine, put_engine
from tests.inference.calling.conftest import purse  # noqa: F401 - budgets are not what is tested here
from tests.inference.serving import make_curated, make_model, make_provider
from tests.scripted import ScriptedServer

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
    set_limits(monkeypatch)
    monkeypatch.setattr(exchanges, "FLIGHT_SECONDS", 30.0)
    monkeypatch.setattr(exchanges, "flights", Flights(30.0))
    with own_caches(monkeypatch):
        yield


@contextmanager
def own_caches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Caches with nothing in them, whose threads do not start.

    Their names in Valkey are the test's own: threads and gateways that earlier tests left may write yet.
    """
    monkeypatch.setattr(BackgroundThread, "start", lambda self: None)
    names = f"touchstone:responses:of-test-{next(numbers)}"
    for module in (shared, meaning):
        monkeypatch.setattr(module, "PREFIX", names)
    response.response_cache.cache_clear()
    yield
    response.response_cache.cache_clear()
    for name in find_names("*"):
        get_redis_connection().delete(name)


def set_limits(monkeypatch: pytest.MonkeyPatch, **changed: CacheLimits) -> None:
    """Without the table."""
    known = {**DEFAULTS, **{CacheKind(name): limit for name, limit in changed.items()}}
    monkeypatch.setattr(limits.limits, "_known", known)
    monkeypatch.setattr(limits.limits, "_looked", float("inf"))


def find_names(pattern: str) -> list[bytes]:
    """Of what caches have in Valkey. Each is there once, as not by `scan`."""
    found: list[bytes] = get_redis_connection().keys(f"{shared.PREFIX}:{pattern}")
    return found


Make = Callable[[], ResponseCache]


@pytest.fixture
def make(clock: Clock) -> Make:
    """Another process's cache of the same type."""

    def build(**more: Any) -> ResponseCache:
        return ResponseCache(CacheKind.TEXT, clock=clock, timer=clock, **more)

    return build


Offer = Callable[..., Curated]


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch, scripted: ScriptedServer) -> Offer:
    """The alias "cheap", set as it is said; again is what an edit does."""
    monkeypatch.setattr(course, "record_call", lambda *args, **facts: None)
    provider = make_provider(scripted)
    model = make_model(provider, name="small")

    def put(cache: CacheLevel = CacheLevel.EXACT, public: bool = False, **changes: Any) -> Curated:
        """Changes are the alias's own where they begin with "cache", else the model's."""
        own = {name: value for name, value in changes.items() if name.startswith("cache")}
        changed = replace(model, **{name: value for name, value in changes.items() if name not in own})
        found = make_curated(changed, aliases={"cheap": [changed]})
        alias = replace(found.aliases["cheap"], id=1, cache=cache, cache_public=public, **own)
        found = Curated(found.models, {"cheap": alias})
        monkeypatch.setattr(curated._kept, "_known", found)
        monkeypatch.setattr(curated._kept, "_looked", float("inf"))
        return found

    put()
    return put


@pytest.fixture
def alike(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> Offer:
    """The alias gives answers again to other words."""
    monkeypatch.setattr(watching.thresholds, "_known", {})
    monkeypatch.setattr(watching.thresholds, "_looked", float("inf"))
    monkeypatch.setattr(level, "PATIENCE_SECONDS", 60)
    put_engine(monkeypatch, make_engine())
    offer(CacheLevel.SEMANTIC)
    return offer
