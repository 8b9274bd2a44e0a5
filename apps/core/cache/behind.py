"""Writes that nobody waits for: gathered for a moment and made together by a thread, all of them before the end."""

import threading
from collections.abc import Callable, Sequence

from apps.core.cache.local import Entry
from apps.core.threads import BackgroundThread, run_when_there_is_some

GATHER_SECONDS = 0.05
LIMIT = 2000
"""As many wait at most. Whoever comes then writes for itself: no entry is lost, and none is kept in memory instead."""

Entries = Sequence[tuple[str, Entry]]


class WriteBehind:
    """Hands entries to `write`, many at a time, from a thread of its own. `write` deals with its failures."""

    def __init__(self, write: Callable[[Entries], None], *, limit: int = LIMIT, gather: float = GATHER_SECONDS) -> None:
        self._write = write
        self._limit = limit
        self._gather = gather
        self._waiting: list[tuple[str, Entry]] = []
        self._writing = threading.Lock()
        self._changed = threading.Condition()
        self._thread = BackgroundThread("write-behind", self._run, finish=self.flush)

    def put(self, key: str, entry: Entry) -> None:
        with self._changed:
            taken = len(self._waiting) < self._limit
            if taken:
                self._waiting.append((key, entry))
                self._thread.start()
                if len(self._waiting) == 1:
                    self._changed.notify()
        if not taken:
            self._write([(key, entry)])

    def flush(self) -> None:
        """Returns when all that was put before is written."""
        with self._writing:
            with self._changed:
                batch, self._waiting = self._waiting, []
            if batch:
                self._write(batch)

    def _run(self) -> None:
        run_when_there_is_some(self._changed, lambda: self._waiting, self.flush, gather=self._gather)
