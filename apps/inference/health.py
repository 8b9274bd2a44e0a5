"""Whether providers answer: asked once for all processes, and not again for half a minute."""

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from django.db import DatabaseError, close_old_connections

from apps.core.cache.policy import CachePolicy
from apps.core.cache.registry import get_cache, register_policy
from apps.core.health import Unhealthy
from apps.inference.curated import CuratedProvider, get_curated
from apps.inference.errors import InferenceError, TimedOut
from apps.inference.models import ProviderKind
from apps.inference.providers import adapter_of
from apps.inference.providers.registry import close_adapters

CACHE = "inference.health"
CHECK_SECONDS = 3.0
ELSEWHERE = (ProviderKind.EMBEDDED, ProviderKind.LOCAL)
"""What the health page tells of by itself: these have no server of somebody else's."""

register_policy(
    CachePolicy(CACHE, version=1, local_size=200, local_ttl=2, shared_ttl=30, flight_seconds=CHECK_SECONDS + 1)
)


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """`detail` is for who looks after the provider; `at` is in seconds since the epoch."""

    is_well: bool
    detail: str
    ms: float
    at: float


def check_provider(provider: CuratedProvider) -> ProviderHealth:
    """What it said at most half a minute ago, else what it says now, within three seconds. Not for an event loop."""
    recipe = [provider.id, provider.base_url, provider.management_url]
    return ProviderHealth(**get_cache(CACHE).get_or_compute(recipe, partial(_check, provider)))


def check_providers() -> str:
    """For the health page, which waits for nobody: they are asked behind it, and it tells of the time before."""
    try:
        providers = [one for one in get_curated().providers.values() if one.kind not in ELSEWHERE]
    except DatabaseError as error:
        raise Unhealthy("cannot be told without the database") from error
    if not providers:
        return "none is curated"
    _asker.start(providers)
    found = [_asker.found[one.id] for one in providers if one.id in _asker.found]
    if len(found) < len(providers):
        return "being asked for the first time"
    well = sum(one.is_well for one in found)
    if well < len(providers):
        raise Unhealthy(f"{well} of {len(providers)} answer")
    return f"{well} of {len(providers)} answer"


class _Asker:
    """Asks them one after the other, in a thread that ends when it is through."""

    def __init__(self) -> None:
        self.found: dict[int, ProviderHealth] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, providers: Sequence[CuratedProvider]) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._ask, args=[providers], name="provider-health", daemon=True)
                self._thread.start()

    def _ask(self, providers: Sequence[CuratedProvider]) -> None:
        try:
            for provider in providers:
                self.found[provider.id] = check_provider(provider)
        finally:
            close_old_connections()


_asker = _Asker()


def _check(provider: CuratedProvider) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        is_well, detail = True, asyncio.run(_ask(provider))
    except InferenceError as error:
        is_well, detail = False, error.detail or str(error)
    return asdict(ProviderHealth(is_well, detail, round((time.perf_counter() - started) * 1000, 1), time.time()))


async def _ask(provider: CuratedProvider) -> str:
    """Over connections of its own: that all of the others are busy is no illness."""
    try:
        adapter = adapter_of(provider)
        async with asyncio.timeout(CHECK_SECONDS):
            return await adapter.check(provider)
    except TimeoutError as error:
        raise TimedOut(f"no answer within {CHECK_SECONDS:.0f} s") from error
    finally:
        await close_adapters()
