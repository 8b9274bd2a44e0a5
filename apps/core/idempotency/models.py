from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone


class IdempotencyQuerySet(models.QuerySet["IdempotencyRecord"]):
    def older_than(self, moment: datetime) -> Self:
        return self.filter(created_at__lt=moment)

    def held_by(self, lock: str) -> Self:
        """The one whose request runs under this lock and has not answered yet."""
        return self.filter(lock=lock, status__isnull=True)


class IdempotencyRecord(models.Model):
    """One write of one user under one key: first who works on it, then what was answered."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="Digest of the request, so that another one is told apart.")
    lock = models.CharField(max_length=32, unique=True, help_text="Names the one request that may answer.")
    locked_until = models.DateTimeField(help_text="After this a request that did not answer is taken for dead.")
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict, blank=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = IdempotencyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_of_user")]

    def __str__(self) -> str:
        return self.key

    @property
    def is_answered(self) -> bool:
        return self.status is not None
