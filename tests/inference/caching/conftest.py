"""Caches in the real Valkey. What another process has is another cache of the same type."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django_redis import get_redis_connection

from apps.core.threads import BackgroundThread
from apps.inference import curated
from apps.inference.caching import limits, response, watching
from apps.inference.caching.kinds import DEFAULTS, CacheKind, CacheLimits
from apps.inference.caching.response import ResponseCache
from apps.inference.caching.shared import PREFIX
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
    put_engine(monkeypatch, make_engine())
    offer(CacheLevel.SEMANTIC)
    return offer
