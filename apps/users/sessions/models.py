"""The table of sessions."""

import hashlib
from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.users.sessions.lifetime import find_end

MAX_USER_AGENT = 300
MAX_NAME = 60


def hash_key(session_key: str) -> str:
    """What the table knows of a key. It is random, 165 bits of it: so who reads the table can sign in with nothing."""
    return hashlib.sha256(session_key.encode()).hexdigest()


class SessionQuerySet(models.QuerySet["Session"]):
    def live(self, now: datetime) -> Self:
        return self.filter(ends_at__gt=now)

    def of_key(self, session_key: str) -> Self:
        return self.filter(key_hash=hash_key(session_key))


class Session(models.Model):
    """What the server keeps of a browser that visits; with a user it is somebody's who signed in."""

    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions", editable=False
    )
    data = models.TextField(editable=False)
    since = models.DateTimeField(default=timezone.now, help_text="When its user signed in.")
    seen_at = models.DateTimeField(default=timezone.now, help_text="Its last request, right to a minute.")
    ends_at = models.DateTimeField(db_index=True, help_text="When it ends if there is no other request.")
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=MAX_USER_AGENT, blank=True)
    name = models.CharField(max_length=MAX_NAME, blank=True)

    objects: ClassVar[SessionQuerySet] = SessionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-seen_at"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name or f"session {self.pk}"

    @property
    def latest_end(self) -> datetime:
        """When it ends as the settings are now, which may be sooner than its row says."""
        return min(self.ends_at, find_end(since=self.since, seen_at=self.seen_at))
