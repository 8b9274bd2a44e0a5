"""The tier in the process: least recently used goes first, nothing outlives its time."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cachetools import TTLCache


@dataclass(frozen=True, slots=True)
class Entry:
    """A cached value and when it was made, in seconds since the epoch."""

    value: Any
    made_at: float


class _CountingCache(TTLCache[str, Entry]):
    """Counts what the size limit pushes out."""

    evictions = 0

    def popitem(self) -> tuple[str, Entry]:
        self.evictions += 1
        return super().popitem()


class LocalTier:
    """Thread-safe; `timer` gives seconds and is replaced in tests."""

    def __init__(self, *, size: int, ttl: float, timer: Callable[[], float] = time.monotonic) -> None:
        self._cache = _CountingCache(maxsize=size, ttl=ttl, timer=timer)
        self._lock = threading.Lock()

    def get(self, key: str) -> Entry | None:
        with self._lock:
            return self._cache.get(key)

    def set(self, key: str, entry: Entry) -> None:
        with self._lock:
            self._cache[key] = entry

    def delete(self, key: str) -> None:
        with self._lock:
            self._cache.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._cache.clear()

    def __len__(self) -> int:
        with self._lock:
            return len(self._cache)

    @property
    def evictions(self) -> int:
        return self._cache.evictions
