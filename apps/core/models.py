"""Base models, and the background job that pages, API and commands all read."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.core.audit.models import AuditEntry  # noqa: F401 - Django looks for models here
from apps.core.home.models import Visit  # noqa: F401 - Django looks for models here
from apps.core.idempotency.models import IdempotencyRecord  # noqa: F401 - Django looks for models here
from apps.core.tables.models import SavedView  # noqa: F401 - Django looks for models here


class TimestampedModel(models.Model):
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class JobQuerySet(models.QuerySet["Job"]):
    def ended(self) -> Self:
        return self.filter(state__in=ENDED)

    def open(self) -> Self:
        return self.exclude(state__in=ENDED)

    def whole(self) -> Self:
        """Jobs that stand for themselves; parts of something larger are shown by that."""
        return self.filter(is_part=False)

    def unseen(self) -> Self:
        """Failed jobs that nobody has said they know of."""
        return self.filter(state=JobState.FAILED, seen_at=None)

    def abandoned(self, *, now: datetime, queued_for: timedelta) -> Self:
        """Jobs that nobody works on: their runner died, or the message that should start them was lost."""
        lost_runner = models.Q(state=JobState.RUNNING, lease_until__lt=now)
        lost_message = models.Q(state=JobState.QUEUED, queued_at__lt=now - queued_for)
        return self.filter(lost_runner | lost_message)


class Job(TimestampedModel):
    """Work that outlives a request. The row is the truth; the broker's message only says that there is work."""

    kind = models.CharField(max_length=100)
    params = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=20, choices=JobState, default=JobState.QUEUED, db_index=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0, help_text="0 while it is not known.")
    message = models.CharField(max_length=300, blank=True)
    result = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    cancel_requested = models.BooleanField(default=False)
    is_part = models.BooleanField(default=False, help_text="A part of something that shows its progress itself.")
    attempts = models.PositiveSmallIntegerField(default=0)
    runner = models.CharField(max_length=100, blank=True, help_text="The process that works on it.")
    lease_until = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    seen_at = models.DateTimeField(null=True, blank=True, help_text="When somebody said that they know it failed.")
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "-id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_over(self) -> bool:
        return self.state in ENDED

    @property
    def needs_seeing(self) -> bool:
        """It failed, and nobody has said that they know."""
        return self.state == JobState.FAILED and self.seen_at is None

    @property
    def percent(self) -> int | None:
        """Whole percent done; None while the total is not known."""
        if self.state == JobState.SUCCEEDED:
            return 100
        return min(100, int(100 * self.done / self.total)) if self.total else None

    @property
    def seconds(self) -> float:
        """Seconds it has run, or ran."""
        if not self.started_at:
            return 0.0
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()

    def as_dict(self) -> dict[str, Any]:
        """What a command prints with --json."""
        return {
            "id": self.pk,
            "kind": self.kind,
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "message": self.message,
            "result": self.result,
            "error": self.error,
            "seconds": round(self.seconds, 2),
        }
