"""What is kept of tokens: no token, but the family that each is of."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from apps.users.tokens import KeyState, key_state

if TYPE_CHECKING:
    from apps.users.models import User

# Reads must not each cost a write: `last_used_at` is right to within this.
LAST_USED_EVERY = timedelta(minutes=1)


class Ending(models.TextChoices):
    """Why a family was revoked."""

    REVOKED = "revoked", "by hand"
    REUSED = "reused", "a refresh token was used twice"


class TokenFamilyQuerySet(models.QuerySet["TokenFamily"]):
    def live(self, now: datetime) -> "TokenFamilyQuerySet":
        return self.filter(revoked_at__isnull=True, expires_at__gt=now)

    def newest_first(self) -> "TokenFamilyQuerySet":
        return self.order_by("-created_at", "-pk")


class TokenFamily(models.Model):
    """All the tokens that come of one sign-in. Of its refresh tokens only the newest, `jti`, is good."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey("users.User", on_delete=models.CASCADE, related_name="token_families")
    name = models.CharField(max_length=100, blank=True)
    jti = models.CharField(max_length=32, editable=False)
    password_mark = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_from = models.GenericIPAddressField(null=True, editable=False)
    refreshed_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True, editable=False)

    objects: ClassVar[models.Manager["TokenFamily"]] = TokenFamilyQuerySet.as_manager()

    kept_version = 0
    """Where a process keeps the family: which version of its owner that is, see `is_as_kept`. In no column."""

    class Meta:
        verbose_name = "token family"
        verbose_name_plural = "token families"
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name or str(self.pk)

    @property
    def state(self) -> KeyState:
        return key_state(revoked_at=self.revoked_at, expires_at=self.expires_at, now=timezone.now())

    @property
    def has_old_password(self) -> bool:
        """Whether its owner's password has changed since it was begun, which ends it like it ends sessions."""
        return not any(constant_time_compare(self.password_mark, mark) for mark in password_marks(self.user))

    @property
    def effective_scopes(self) -> tuple[str, ...]:
        """What its tokens may do today: all that its owner's role has."""
        return self.user.key_scopes

    @property
    def version_name(self) -> str:
        """Under what a process remembers the newest version that it saw."""
        return name_version(str(self.user_id))

    def describe_credential(self) -> dict[str, str]:
        """What the audit log says of requests that come with it."""
        return {"jwt_family": str(self.pk)}

    def record_use(self, now: datetime, address: str) -> None:
        """Notes the use, at most once every LAST_USED_EVERY, also when many processes see it at once."""
        stale = now - LAST_USED_EVERY
        if self.last_used_at is not None and self.last_used_at > stale:
            return
        unnoted = models.Q(last_used_at__isnull=True) | models.Q(last_used_at__lte=stale)
        TokenFamily.objects.filter(unnoted, pk=self.pk).update(last_used_at=now, last_used_from=address or None)
        self.last_used_at, self.last_used_from = now, address or None


def name_version(owner: str) -> str:
    """Of the versions of all of somebody's families, which no key's prefix looks like."""
    return f"user:{owner}"


def password_marks(user: "User") -> list[str]:
    """Marks of the password that the user has, the first under the present secret key, the others under older ones."""
    return [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
