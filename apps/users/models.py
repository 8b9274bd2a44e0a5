"""People and their API keys."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from apps.users.accounts.models import Invitation  # noqa: F401 - Django looks for models here
from apps.users.jwt.models import TokenFamily  # noqa: F401 - Django looks for models here
from apps.users.limits.counting import tell_of_changes
from apps.users.limits.models import KeyUsage  # noqa: F401 - Django looks for models here
from apps.users.networks import is_within
from apps.users.roles import ROLE_CHOICES, STAFF_ROLES, Role
from apps.users.scopes import scopes_of_role
from apps.users.sessions.models import Session  # noqa: F401 - Django looks for models here
from apps.users.tokens import KeyState, key_state, same_secret

# Reads must not each cost a write: `last_used_at` is right to within this.
LAST_USED_EVERY = timedelta(minutes=1)


def normalise_email(email: str) -> str:
    """The one form in which an address is kept and looked up."""
    return email.strip().lower()


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A stored user whose address counts as verified, a viewer unless `role` is given.

        Without a password nobody signs in as them.
        """
        if not email.strip():
            raise ValueError("A user needs an email address.")
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        with transaction.atomic(using=self._db):
            user.save(using=self._db)
            user.vouch_for_email()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A stored user with the role admin (what Django's `createsuperuser` calls)."""
        return self.create_user(email, password, **{**fields, "role": Role.ADMIN})

    def get_by_natural_key(self, username: str | None) -> "User":
        email = normalise_email(username or "")
        if not email.isprintable():  # PostgreSQL cannot even be asked about NUL and half a character
            raise self.model.DoesNotExist
        return self.get(email=email)


class User(AbstractBaseUser, PermissionsMixin):
    """Someone who signs in with an email address, and may do what their role says and nothing else."""

    email = models.EmailField("email address", unique=True, error_messages={"unique": "This address has an account."})
    full_name = models.CharField(max_length=100, blank=True)
    role = models.CharField(max_length=20, choices=ROLE_CHOICES, default=Role.VIEWER.value)
    is_active = models.BooleanField(
        "active", default=True, help_text="Without it nobody signs in as this user, and their API keys are dead."
    )
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    _password: str | None
    """One that was set and is not saved yet: Django's."""
    # The role is the one source of rights, so Django's other three are not kept.
    groups = None  # type: ignore[assignment]
    user_permissions = None  # type: ignore[assignment]

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering = ["email"]
        constraints = [
            # With `unique` on the column this makes addresses unique whatever their case, and keeps look-ups plain.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
        ]

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password ends the tokens that were got with the former one, in every process."""
        self.email = normalise_email(self.email)
        is_new_password = self.pk is not None and self._password is not None
        super().save(*args, **kwargs)
        if is_new_password:
            tell_of_changes(users=[self.pk])

    def clean(self) -> None:
        super().clean()
        self.email = normalise_email(self.email)

    @property
    def is_superuser(self) -> bool:  # type: ignore[override]
        return self.role == Role.ADMIN

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF_ROLES

    @property
    def key_scopes(self) -> tuple[str, ...]:
        """The scopes this user's keys may carry; empty for who may hold no keys."""
        return scopes_of_role(self.role)

    def vouch_for_email(self) -> None:
        """Makes `email` the account's one address, verified, on the word of whoever made or edits the account."""
        from allauth.account.models import EmailAddress  # which loads what needs this model

        EmailAddress.objects.filter(user=self).exclude(email=self.email).delete()
        EmailAddress.objects.update_or_create(user=self, email=self.email, defaults={"primary": True, "verified": True})

    def get_full_name(self) -> str:
        return self.full_name or self.email

    def get_short_name(self) -> str:
        return self.full_name.split(" ")[0] or self.email


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def in_state(self, state: KeyState, now: datetime) -> "ApiKeyQuerySet":
        """The keys in `state` at `now`: the same split as `tokens.key_state`."""
        if state == KeyState.REVOKED:
            return self.filter(revoked_at__isnull=False)
        unrevoked = self.filter(revoked_at__isnull=True)
        expired = models.Q(expires_at__lte=now)
        return unrevoked.filter(expired) if state == KeyState.EXPIRED else unrevoked.exclude(expired)

    def newest_first(self) -> "ApiKeyQuerySet":
        return self.order_by("-created_at", "-pk")


class ApiKey(models.Model):
    """A program's way in: acts for its owner, within its scopes, until it expires or is revoked."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100, help_text="What uses it, so that you know what stops when you revoke it.")
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list)
    networks = models.JSONField(default=list, blank=True, help_text="CIDR blocks it may be used from; none: anywhere.")
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as many as any key.")
    requests_per_month = models.PositiveBigIntegerField(null=True, blank=True, help_text="Empty: no budget.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, blank=True, editable=False)
    rotated_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The secret before the present one, and until when it is good too.
    former_hash = models.CharField(max_length=64, blank=True, editable=False)
    former_until = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager["ApiKey"]] = ApiKeyQuerySet.as_manager()

    kept_version = 0
    """Where a process keeps the key: which of its versions that is, see `is_as_kept`. In no column."""

    class Meta:
        verbose_name = "API key"
        verbose_name_plural = "API keys"
        ordering = ["-created_at", "-pk"]
        permissions = [("own_apikey", "Can hold API keys")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    @property
    def state(self) -> KeyState:
        return key_state(revoked_at=self.revoked_at, expires_at=self.expires_at, now=timezone.now())

    @property
    def effective_scopes(self) -> tuple[str, ...]:
        """What the key may do today: its scopes, less those its owner's role no longer has."""
        return tuple(scope for scope in self.user.key_scopes if scope in self.scopes)

    @property
    def version_name(self) -> str:
        """Under what a process remembers the newest version that it saw."""
        return self.prefix

    def matches(self, secret: str) -> bool:
        return same_secret(secret, self.secret_hash)

    def matches_former(self, secret: str) -> bool:
        """Whether it is the secret before the present one, which may be good for a while yet."""
        return bool(self.former_hash) and same_secret(secret, self.former_hash)

    def is_allowed_from(self, address: str) -> bool:
        return not self.networks or is_within(address, self.networks)

    def describe_credential(self) -> dict[str, str]:
        """What the audit log says of requests that come with it."""
        return {"api_key": self.prefix}

    def record_use(self, now: datetime, address: str = "") -> None:
        """Notes the use, at most once every LAST_USED_EVERY, also when many processes see it at once."""
        stale = now - LAST_USED_EVERY
        if self.last_used_at is not None and self.last_used_at > stale:
            return
        unnoted = models.Q(last_used_at__isnull=True) | models.Q(last_used_at__lte=stale)
        ApiKey.objects.filter(unnoted, pk=self.pk).update(last_used_at=now, last_used_from=address or None)
        self.last_used_at, self.last_used_from = now, address or None
