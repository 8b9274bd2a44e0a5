"""A type's cache: in the process first, then in Valkey. An owner gets what is their own, or what was marked public.

A look-up that found nothing says where clearing stood (`Looked.stamp`). What is then made is kept by that stamp: an
answer that was begun before something was cleared is never given after it.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
import structlog

from apps.core.cache.behind import Entries, WriteBehind
from apps.core.cache.local import Entry, LocalTier
from apps.inference.caching.clearings import Clearings
from apps.inference.caching.entries import (
    ALL,
    MAX_BYTES,
    USUAL,
    Keys,
    Record,
    Stamp,
    Terms,
    decode,
    make_keys,
    make_marks,
    mark_owner,
    mark_tag,
)
from apps.inference.caching.kinds import DEFAULTS, CacheKind, CacheLimits
from apps.inference.caching.limits import get_limits, get_limits_async
from apps.inference.caching.shared import Read, SharedResponses, Write
from apps.inference.caching.tally import Tally

REMEMBERED = 4096
log = structlog.get_logger("touchstone.cache")
PROCESS, SHARED = "process", "shared"


@dataclass(frozen=True, slots=True)
class Hit:
    """`level` is where it was."""

    level: str
    record: Record


@dataclass(frozen=True, slots=True)
class Looked:
    """`value` is None where nothing was found; `stamp` is None where Valkey is away, and nothing can be kept."""

    value: Any = None
    stamp: Stamp | None = None
    claimed: bool = False


class ResponseCache:
    """A `recipe` is any JSON value that names all that makes the answer; equal recipes of an owner share one."""

    def __init__(
        self,
        kind: CacheKind,
        *,
        shared: SharedResponses | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.kind = kind
        self._clock = clock
        self._shared = shared or SharedResponses(kind, timer)
        self._clearings = Clearings(timer)
        self._timer = timer
        self._local: LocalTier | None = None
        self._limits: CacheLimits | None = None
        self._tally = Tally(kind, self._shared, clock)
        self._behind = WriteBehind(self._write)
        self._stamps: OrderedDict[tuple[int, str], Stamp] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, owner: str, recipe: object) -> Any | None:
        """The answer, or None: None itself is never kept."""
        keys = make_keys(owner, recipe)
        looked = self.look_up(keys)
        if looked.value is None and looked.stamp is not None:
            self._remember(keys, looked.stamp)
        return looked.value

    async def get_async(self, owner: str, recipe: object) -> Any | None:
        keys = make_keys(owner, recipe)
        looked = await self.look_up_async(keys)
        if looked.value is None and looked.stamp is not None:
            self._remember(keys, looked.stamp)
        return looked.value

    def set(self, owner: str, recipe: object, value: Any, *, tags: Iterable[str] = (), public: bool = False) -> None:
        """Waits for nothing. Raises TypeError for what JSON has no form for."""
        keys = make_keys(owner, recipe)
        self._use(get_limits(self.kind))
        stamp = self._recall(keys) or self._learn_stamp(self._shared.read(None, ()))
        self.put(keys, value, stamp=stamp, owner=owner, tags=tags, public=public)

    async def set_async(
        self, owner: str, recipe: object, value: Any, *, tags: Iterable[str] = (), public: bool = False
    ) -> None:
        keys = make_keys(owner, recipe)
        self._use(await get_limits_async(self.kind))
        stamp = self._recall(keys) or self._learn_stamp(await self._shared.read_async(None, ()))
        self.put(keys, value, stamp=stamp, owner=owner, tags=tags, public=public)

    def look_up(self, keys: Keys) -> Looked:
        self._use(get_limits(self.kind))
        hit, asked_at = self._find_local(keys), self._timer()
        if hit is None or not self._clearings.is_fresh:
            read = self._shared.read(self._stamp, () if hit else keys.both)
            hit = self._take(keys, read, asked_at)
        return self._finish(keys, hit)

    async def look_up_async(self, keys: Keys, *, claim_ms: int = 0, level: str = "", terms: Terms = USUAL) -> Looked:
        """`claim_ms` claims the making of the answer for as long, where it is not there and nobody else did.

        `level` is what a hit counts as, where the key was found by another way; a miss then counts as none.
        """
        self._use(await get_limits_async(self.kind))
        hit, asked_at = self._find_local(keys, terms), self._timer()
        if hit is not None and self._clearings.is_fresh:
            return self._finish(keys, hit, level, terms)
        read = await self._shared.read_async(self._stamp, () if hit else keys.both, claim_ms=0 if hit else claim_ms)
        looked = self._finish(keys, self._take(keys, read, asked_at, terms), level, terms)
        return Looked(looked.value, read.stamp if read else None, may_make(read, looked.value))

    async def look_again(self, keys: Keys, *, claim_ms: int, terms: Terms = USUAL) -> Looked:
        """What another process has made since, or that it gave up; counts nothing."""
        asked_at = self._timer()
        read = await self._shared.read_async(self._stamp, keys.both, claim_ms=claim_ms)
        value = self._read_value(keys, self._take(keys, read, asked_at, terms))
        return Looked(value, read.stamp if read else None, may_make(read, value))

    async def read_stamp(self) -> Stamp | None:
        """Where clearing stands now."""
        self._use(await get_limits_async(self.kind))
        return self._learn_stamp(await self._shared.read_async(None, ()))

    def put(
        self,
        keys: Keys,
        value: Any,
        *,
        stamp: Stamp | None,
        owner: str,
        tags: Iterable[str] = (),
        public: bool = False,
        terms: Terms = USUAL,
    ) -> None:
        """Keeps an answer that was begun when clearing stood at the stamp; nothing without one."""
        key = keys.public if public else keys.own
        if stamp is None or value is None:
            self.give_up(key)
            return
        record = Record(orjson.dumps(value), stamp.number, self._clock(), make_marks(owner, tags))
        if len(record.body) > MAX_BYTES:
            self.give_up(key)
            return
        if self._local is not None and stamp.epoch == self._epoch:
            self._local.set(key, Entry(record, record.made_at))
        self._behind.put(key, Entry((stamp.epoch, record, terms.seconds), record.made_at))

    def give_up(self, key: str) -> None:
        """Ends a claim without an answer."""
        self._behind.put(key, Entry(("", None, None), 0.0))

    def clear(self, *, tag: str = "", owner: str = "") -> bool:
        """All that was kept with the tag, or by the owner; without either the whole type. One write to Valkey.

        Every process has seen it a quarter of a second later. False where Valkey is away, and nothing was cleared.
        """
        mark = mark_tag(tag) if tag else mark_owner(owner) if owner else ALL
        cleared = self._shared.clear(mark)
        self._clearings.doubt()
        return cleared

    async def clear_async(self, *, tag: str = "", owner: str = "") -> bool:
        return await asyncio.to_thread(self.clear, tag=tag, owner=owner)

    def flush(self) -> None:
        """Returns when all that was put before is written."""
        self._behind.flush()
        self._tally.flush()

    @property
    def tally(self) -> Tally:
        return self._tally

    def statistics(self) -> dict[str, Any]:
        """Of all processes, since the counts began; `mean_age` of what was given is in seconds."""
        counts = self._tally.read()
        limits = get_limits(self.kind)
        levels = {level: int(counts.get(f"hits_{level}", 0)) for level in (PROCESS, SHARED, "semantic")}
        hits, misses = sum(levels.values()), int(counts.get("misses", 0))
        return {
            "type": self.kind.value,
            "seconds": limits.seconds,
            "size": limits.size,
            "entries": self._shared.count_entries(),
            "hits": hits,
            **{f"hits_{level}": number for level, number in levels.items()},
            "misses": misses,
            "hit_ratio": hits / (hits + misses) if hits + misses else 0.0,
            "mean_age": counts.get("age", 0.0) / hits if hits else 0.0,
            "evictions": int(counts.get("evictions", 0)),
        }

    async def statistics_async(self) -> dict[str, Any]:
        return await asyncio.to_thread(self.statistics)

    @property
    def _stamp(self) -> Stamp | None:
        return self._clearings.known.stamp if self._clearings.known else None

    @property
    def _epoch(self) -> str:
        return self._stamp.epoch if self._stamp else ""

    def _learn_stamp(self, read: Read | None) -> Stamp | None:
        if read is not None:
            self._learn(read, float("-inf"))
        return read.stamp if read else None

    def _use(self, limits: CacheLimits) -> None:
        """A type that was set anew begins with an empty process tier."""
        if limits != self._limits:
            self._limits = limits
            self._local = LocalTier(size=limits.local_size, ttl=limits.seconds, timer=self._timer)

    def _find_local(self, keys: Keys, terms: Terms = USUAL) -> Hit | None:
        assert self._local is not None
        for key in keys.both:
            entry = self._local.get(key)
            if entry is not None and self._is_good(entry.value, terms):
                return Hit(PROCESS, entry.value)
        return None

    def _take(self, keys: Keys, read: Read | None, asked_at: float, terms: Terms = USUAL) -> Hit | None:
        """What is found after Valkey was asked. Where it is away nothing is, since nobody knows what was cleared."""
        if read is None:
            return None
        self._learn(read, asked_at)
        if (hit := self._find_local(keys, terms)) is not None or read.found is None:
            return hit
        try:
            record = decode(read.found)
        except ValueError:
            log.warning("response_damaged", type=self.kind.value)
            return None
        if not self._is_good(record, terms):
            return None
        assert self._local is not None
        self._local.set(keys.both[read.place], Entry(record, record.made_at))
        return Hit(SHARED, record)

    def _finish(self, keys: Keys, hit: Hit | None, level: str = "", terms: Terms = USUAL) -> Looked:
        value = self._read_value(keys, hit)
        if hit is None or value is None:
            if not level:
                self._tally.miss(SHARED, keys.own, terms.group)
            return Looked(stamp=self._stamp)
        self._tally.hit(level or hit.level, keys.own, hit.record.made_at, terms.group)
        return Looked(value, self._stamp)

    def _read_value(self, keys: Keys, hit: Hit | None) -> Any:
        """None where there is none, or it is damaged."""
        try:
            return hit.record.value if hit else None
        except ValueError:
            log.warning("response_damaged", type=self.kind.value)
            assert self._local is not None
            for key in keys.both:
                self._local.delete(key)
            return None

    def _is_good(self, record: Record, terms: Terms) -> bool:
        """Neither ended nor cleared."""
        assert self._limits is not None
        known = self._clearings.known
        lives = self._clock() < record.made_at + (terms.seconds or self._limits.seconds)
        return lives and known is not None and known.allows(record)

    def _learn(self, read: Read, asked_at: float) -> None:
        if not self._clearings.learn(read.stamp, read.last, asked_at=asked_at) and self._local is not None:
            self._local.clear()

    def _remember(self, keys: Keys, stamp: Stamp) -> None:
        """Where clearing stood when this thread or task last missed the key."""
        with self._lock:
            self._stamps[(find_actor(), keys.own)] = stamp
            while len(self._stamps) > REMEMBERED:
                self._stamps.popitem(last=False)

    def _recall(self, keys: Keys) -> Stamp | None:
        with self._lock:
            return self._stamps.pop((find_actor(), keys.own), None)

    def _write(self, batch: Entries) -> None:
        limits = self._limits or DEFAULTS[self.kind]
        writes = []
        for key, entry in batch:
            epoch, record, seconds = entry.value
            left = entry.made_at + (seconds or limits.seconds) - self._clock()
            good = record is not None and left > 0
            writes.append(Write(key, epoch, record.encode(), left) if good else Write(key))
        self._shared.write(writes, limits.size)


def may_make(read: Read | None, value: Any) -> bool:
    """Who claimed the answer makes it, and who finds one that was cleared, ended or damaged: it cannot be claimed."""
    return read is not None and (read.claimed or (read.found is not None and value is None))


def find_actor() -> int:
    """Names the task, or else the thread, that is at work."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    return id(task) if task is not None else threading.get_ident()


@cache
def response_cache(kind: CacheKind) -> ResponseCache:
    """The one cache of this process for a type."""
    return ResponseCache(kind)
