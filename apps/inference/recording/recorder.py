"""Calls that are over, on their way into the database: a bounded queue, and a thread that writes it in batches."""

import threading
import time
from collections import deque
from collections.abc import Callable

import structlog
from django.db import DatabaseError, InterfaceError, connection

from apps.core import metrics
from apps.core.threads import BackgroundThread
from apps.inference.recording.counting import count_metrics
from apps.inference.recording.facts import CallFacts
from apps.inference.recording.retention import retention
from apps.inference.recording.writing import Batch, write_calls

GATHER_SECONDS = 0.5
WAIT_SECONDS = 2.0
"""Before the database is tried again that was away."""
MOST = 20_000
"""Calls that wait at most; later ones are dropped, and counted."""
MOST_TEXTS = 1_000
"""With more calls waiting, the texts of later ones are given up first: they weigh most."""
BATCH = 500
FAILURES = (DatabaseError, InterfaceError)

log = structlog.get_logger("touchstone.inference")


class Recorder:
    """`write` gets some hundred calls at a time, and the same batch again where it failed."""

    def __init__(self, write: Callable[[Batch], None], *, most: int = MOST) -> None:
        self._write = write
        self._most = most
        self._waiting: deque[CallFacts] = deque()
        self._batch: Batch | None = None
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._are_some = threading.Event()
        self._thread = BackgroundThread("call-recorder", self._run, finish=self.flush)
        self._dropped = 0

    @property
    def has_room_for_texts(self) -> bool:
        return len(self._waiting) < MOST_TEXTS

    def put(self, call: CallFacts) -> None:
        if len(self._waiting) >= self._most:
            self._dropped += 1
            return
        self._waiting.append(call)
        with self._starting:
            self._thread.start()
        if not self._are_some.is_set():
            self._are_some.set()

    def flush(self) -> None:
        """Writes all that was put before; where the database is away it stays for the next time."""
        self._write_all()

    def _write_all(self) -> bool:
        """False where the database is away."""
        with self._writing:
            self._tell_of_dropped()
            while self._batch or self._waiting:
                self._batch = self._batch or self._take()
                try:
                    self._write(self._batch)
                except FAILURES as error:
                    waiting = len(self._batch.calls) + len(self._waiting)
                    log.warning("calls_not_written", calls=waiting, error=str(error))
                    return False
                self._batch = None
        return True

    def _take(self) -> Batch:
        calls = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        count_metrics(calls)
        return Batch(calls)

    def _tell_of_dropped(self) -> None:
        dropped, self._dropped = self._dropped, 0
        if dropped:
            log.error("calls_dropped", calls=dropped)
            metrics.count("inference_dropped", dropped)

    def _run(self) -> None:
        while True:
            self._are_some.wait()
            self._are_some.clear()
            time.sleep(GATHER_SECONDS)
            if not self._look_and_flush():
                self._are_some.set()
                time.sleep(WAIT_SECONDS)

    def _look_and_flush(self) -> bool:
        try:
            retention.get()
            return self._write_all()
        except FAILURES:
            return False
        except Exception:  # this thread has to live for as long as its process
            log.exception("calls_not_written")
            return False
        finally:
            connection.close()


recorder = Recorder(write_calls)
