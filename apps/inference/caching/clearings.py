"""What was cleared, as a process knows it: a number that rises with every clearing, and each mark's last one."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from apps.inference.caching.entries import ALL, Record, Stamp

FRESH_SECONDS = 0.25
"""For so long a process trusts what it knows, and no longer: then it asks Valkey."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """As it was once. An entry lives while none of its marks was cleared after its stamp."""

    stamp: Stamp
    last: Mapping[str, int] = field(default_factory=dict)

    def allows(self, record: Record) -> bool:
        return all(self.last.get(mark, 0) <= record.stamp for mark in (ALL, *record.marks))


class Clearings:
    """Safe to share between threads: what is known is replaced as a whole."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self.known: Cleared | None = None

    @property
    def is_fresh(self) -> bool:
        return self.known is not None and self._timer() - self._looked < FRESH_SECONDS

    def learn(self, stamp: Stamp, last: Mapping[str, int] | None, *, asked_at: float) -> bool:
        """`last` is None where nothing was cleared since. False where all that was kept before is void."""
        with self._lock:
            known = self.known
            same_epoch = known is None or known.stamp.epoch == stamp.epoch
            if last is not None and (known is None or not same_epoch or stamp.number >= known.stamp.number):
                self.known = Cleared(stamp, last)
            self._looked = max(self._looked, asked_at)
            return same_epoch

    def doubt(self) -> None:
        """The next who asks looks again."""
        with self._lock:
            self._looked = float("-inf")
