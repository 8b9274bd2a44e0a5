"""Counts of look-ups, and a sample of what was asked for when: gathered in the process, added up in Valkey by a thread.

The sample has the look-ups of one key in SAMPLE, by its digest, so that every use of a key is in it or none. That is
enough to say what another size or time to live would have done (`suggesting`). Look-ups of a group, such as an
alias's, are in a sample of their own too.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from apps.core import metrics
from apps.core.threads import BackgroundThread
from apps.inference.caching.kinds import CacheKind
from apps.inference.caching.shared import SharedResponses

FLUSH_SECONDS = 1.0
SAMPLE = 4
KEPT_USES = 6000
KEPT_SECONDS = 30 * 86_400
"""For which a sample stays that nothing is added to."""
WAITING_USES = 2000
"""As many wait at most while Valkey is away; counts wait without limit, since they are but numbers."""

Use = tuple[str, int]
"""The beginning of a key's digest, and when it was asked for, in milliseconds since the epoch."""


class Tally:
    """One type's. `level` is where a look-up looked: in the process, in Valkey, or by meaning."""

    def __init__(self, kind: CacheKind, shared: SharedResponses, clock: Callable[[], float] = time.time) -> None:
        self._kind = kind.value
        self._shared = shared
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, float] = defaultdict(float)
        self._uses: list[tuple[str, Use]] = []
        self._thread = BackgroundThread(f"tally-{kind.value}", self._run, finish=self.flush)

    def hit(self, level: str, key: str, made_at: float, group: str = "") -> None:
        now = self._clock()
        metrics.count("cache_requests", type=self._kind, level=level, result="hit")
        with self._lock:
            self._counts[f"hits_{level}"] += 1
            self._counts["age"] += max(0.0, now - made_at)
            self._note_use(key, now, group)

    def miss(self, level: str, key: str, group: str = "") -> None:
        metrics.count("cache_requests", type=self._kind, level=level, result="miss")
        with self._lock:
            self._counts["misses"] += 1
            self._note_use(key, self._clock(), group)

    def turn_miss(self) -> None:
        """A look-up that missed was answered after all, by another way, which counts as a hit of its own."""
        with self._lock:
            self._counts["misses"] -= 1

    def flush(self) -> None:
        """Adds what was gathered to what Valkey has; what cannot be added waits."""
        with self._lock:
            counts, self._counts = self._counts, defaultdict(float)
            uses, self._uses = self._uses, []
        if (counts or uses) and self._shared.guard(lambda client: self._send(client, counts, uses)) is None:
            with self._lock:
                for name, number in counts.items():
                    self._counts[name] += number
                self._uses = (uses + self._uses)[:WAITING_USES]

    def read(self) -> Mapping[str, float]:
        """What all processes counted; of this one, all of it."""
        self.flush()
        found = self._shared.guard(lambda client: client.hgetall(self._shared.counts)) or {}
        return {name.decode(): float(number) for name, number in found.items()}

    def read_uses(self, group: str = "") -> list[Use]:
        """The sample of all look-ups or of a group's, oldest first."""
        self.flush()
        found = self._shared.guard(lambda client: client.lrange(self._name_uses(group), 0, -1)) or []
        return sorted((parse_use(one.decode()) for one in found), key=lambda use: use[1])

    def _note_use(self, key: str, now: float, group: str) -> None:
        if int(key[:2], 16) % SAMPLE == 0 and len(self._uses) < WAITING_USES:
            self._uses.append((group, (key[:12], int(now * 1000))))
        self._thread.start()

    def _send(self, client: Any, counts: Mapping[str, float], uses: Sequence[tuple[str, Use]]) -> bool:
        pipeline = client.pipeline(transaction=True)
        for name, number in counts.items():
            pipeline.hincrbyfloat(self._shared.counts, name, number)
        for group in {"", *(group for group, _ in uses)} if uses else ():
            name = self._name_uses(group)
            pipeline.rpush(name, *(f"{key}:{at}" for of, (key, at) in uses if group in ("", of)))
            pipeline.ltrim(name, -KEPT_USES, -1)
            pipeline.expire(name, KEPT_SECONDS)
        pipeline.execute()
        return True

    def _name_uses(self, group: str) -> str:
        name = self._shared.counts.removesuffix(":counts")
        return f"{name}:uses:{group}" if group else f"{name}:uses"

    def _run(self) -> None:
        while True:
            time.sleep(FLUSH_SECONDS)
            self.flush()


def parse_use(text: str) -> Use:
    key, _, at = text.partition(":")
    return key, int(at)
