"""What a running job holds: its lease, its progress, and the wish of somebody to cancel it."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.core.live import announce
from apps.core.models import Job, JobState

LEASE = timedelta(seconds=20)
HEARTBEAT_SECONDS = 4.0
PROGRESS_SECONDS = 0.4
PAUSE_SECONDS = 1.0

log = structlog.get_logger("touchstone.jobs")

Listener = Callable[[int, int, str], None]


class JobCancelled(Exception):
    """Somebody asked for the job to stop."""


class JobLost(Exception):
    """Another process runs this job now: this one was taken for dead."""


class JobContext:
    """Use as a context manager: a thread renews the lease until the block ends."""

    def __init__(self, job: Job, *, listener: Listener | None = None) -> None:
        self.job = job
        self._listener = listener
        self._stop = threading.Event()
        self._cancelled = threading.Event()
        self._lost = threading.Event()
        self._reported_at = 0.0
        self._heart = threading.Thread(target=self._beat, name=f"job-{job.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._heart.join()

    def check(self) -> None:
        """Raises when the job shall not go on. Cheap: call it often."""
        if self._cancelled.is_set():
            raise JobCancelled
        if self._lost.is_set():
            raise JobLost

    def cancel(self) -> None:
        self._cancelled.set()

    def report(self, done: int, total: int, message: str = "") -> None:
        """Shows progress, at most a few times a second, and checks whether to go on."""
        self.check()
        if self._listener:
            self._listener(done, total, message)
        now = time.monotonic()
        if now - self._reported_at < PROGRESS_SECONDS and done < total:
            return
        self._reported_at = now
        self._renew(done=done, total=total, message=message[:300])
        self.check()

    def pause(self, message: str) -> None:
        """Waits a moment for something else, and says what for."""
        self.report(self.job.done, self.job.total, message)
        time.sleep(PAUSE_SECONDS)

    def _beat(self) -> None:
        try:
            while not self._stop.wait(HEARTBEAT_SECONDS):
                try:
                    self._renew()
                except DatabaseError as error:
                    connection.close()
                    log.warning("job_heartbeat_failed", job=self.job.pk, error=str(error))
        finally:
            connection.close()

    def _renew(self, **changes: object) -> None:
        mine = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, runner=self.job.runner)
        if not mine.update(lease_until=timezone.now() + LEASE, updated_at=timezone.now(), **changes):
            self._lost.set()
            return
        if changes and not self.job.is_part:
            announce("job", self.job.pk)
        if mine.filter(cancel_requested=True).exists():
            self._cancelled.set()
