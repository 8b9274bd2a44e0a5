"""What a person sees of their keys and of their programs' tokens."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from apps.users.jwt.models import TokenFamily
from apps.users.limits.models import KeyUsage
from apps.users.limits.policies import month_of, next_month
from apps.users.models import ApiKey, User
from apps.users.tokens import KeyState

ENDED_SHOWN = 20


@dataclass(frozen=True)
class KeyRow:
    """A key, and how its limits stand."""

    key: ApiKey
    used: int
    now: datetime

    @property
    def per_minute(self) -> int:
        return self.key.requests_per_minute or int(settings.LIMIT_KEY_PER_MINUTE)

    @property
    def is_spent(self) -> bool:
        return self.key.requests_per_month is not None and self.used >= self.key.requests_per_month

    @property
    def former_until(self) -> datetime | None:
        """Until when the secret before the present one is good too, where it still is."""
        until = self.key.former_until
        return until if until and until > self.now else None


@dataclass(frozen=True)
class Keyring:
    live: list[KeyRow]
    ended: list[ApiKey]
    families: list[TokenFamily]
    ended_families: list[TokenFamily]
    renews: date
    """When budgets renew."""


def read_keyring(user: User, now: datetime) -> Keyring:
    """The newest first, and of what has ended the last ENDED_SHOWN."""
    month = month_of(now)
    keys = ApiKey.objects.filter(user=user).newest_first()
    live = list(keys.in_state(KeyState.ACTIVE, now))
    usage = KeyUsage.objects.filter(key__in=[key.pk for key in live if key.requests_per_month], month=month)
    used = dict(usage.values_list("key_id", "used"))
    families = TokenFamily.objects.filter(user=user).newest_first()
    live_families = list(families.live(now))
    return Keyring(
        live=[KeyRow(key, used.get(key.pk, 0), now) for key in live],
        ended=list(keys.exclude(pk__in=[key.pk for key in live])[:ENDED_SHOWN]),
        families=live_families,
        ended_families=list(families.exclude(pk__in=[family.pk for family in live_families])[:ENDED_SHOWN]),
        renews=next_month(month),
    )
