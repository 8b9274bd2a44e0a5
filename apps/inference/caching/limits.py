"""Time to live and size of each type as they are set now: a process looks again after some seconds."""

from collections.abc import Mapping

from django.db import DatabaseError

from apps.inference.caching.kinds import DEFAULTS, CacheKind, CacheLimits
from apps.inference.caching.models import CacheSetting
from apps.inference.kept import Kept

LOOK_SECONDS = 5.0


def read_limits() -> Mapping[CacheKind, CacheLimits]:
    """Asks the database once."""
    rows = CacheSetting.objects.filter(kind__in=[kind.value for kind in CacheKind])
    return {**DEFAULTS, **{CacheKind(row.kind): CacheLimits(row.seconds, row.size) for row in rows}}


limits: Kept[Mapping[CacheKind, CacheLimits]] = Kept("cache_limits", read_limits, seconds=LOOK_SECONDS)


def get_known_limits(kind: CacheKind) -> CacheLimits:
    """Without a look at the table: for an event loop."""
    return (limits.peek() or DEFAULTS)[kind]


def get_limits(kind: CacheKind) -> CacheLimits:
    try:
        return limits.get()[kind]
    except DatabaseError:
        return DEFAULTS[kind]


async def get_limits_async(kind: CacheKind) -> CacheLimits:
    try:
        return (await limits.get_async())[kind]
    except DatabaseError:
        return DEFAULTS[kind]
