"""What curators do with the caches: look at them, set them, clear them. Each change is noted in the audit log."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.core.audit import record
from apps.core.errors import Conflict
from apps.inference.caching.kinds import CacheKind, CacheLimits
from apps.inference.caching.limits import get_limits, limits
from apps.inference.caching.models import CacheSetting
from apps.inference.caching.recipes import name_group
from apps.inference.caching.response import response_cache
from apps.inference.caching.suggesting import Suggestion, suggest, suggest_seconds
from apps.inference.caching.tally import SAMPLE
from apps.inference.models import Alias, CacheLevel

MAX_NAME = 200
DAY_MS = 86_400_000
AWAY = "The caches cannot be reached now. Nothing was changed."


@dataclass(frozen=True, slots=True)
class CacheReport:
    """A type's figures, and what its limits might be."""

    figures: dict[str, Any]
    suggestion: Suggestion | None

    @property
    def label(self) -> str:
        return CacheKind(self.figures["type"]).label

    def as_dict(self) -> dict[str, Any]:
        one = self.suggestion
        suggested = None
        if one is not None:
            suggested = {
                "seconds": one.limits.seconds,
                "size": one.limits.size,
                "hit_ratio": one.expected,
                "hit_ratio_now": one.now,
                "uses": one.uses,
            }
        return {**self.figures, "suggestion": suggested}


@dataclass(frozen=True, slots=True)
class AliasReport:
    """How long an alias's answers are kept, and what would do.

    The sample has `uses` look-ups of `different` requests, over `days`.
    """

    alias: Alias
    seconds: int
    suggestion: Suggestion | None
    uses: int
    different: int
    days: float

    def as_dict(self) -> dict[str, Any]:
        one = self.suggestion
        suggested = None
        if one is not None:
            suggested = {"seconds": one.limits.seconds, "hit_ratio": one.expected, "hit_ratio_now": one.now}
        return {
            "alias": self.alias.name,
            "cache": self.alias.cache,
            "seconds": self.seconds,
            "uses": self.uses,
            "different": self.different,
            "days": self.days,
            "suggestion": suggested,
        }


def report_aliases() -> list[AliasReport]:
    """Of those that give answers again, by name."""
    rows = Alias.objects.filter(is_active=True).exclude(cache=CacheLevel.OFF).order_by("name")
    return [report_alias(row) for row in rows]


def report_alias(alias: Alias) -> AliasReport:
    uses = response_cache(CacheKind.INFERENCE).tally.read_uses(name_group(alias.pk))
    seconds = alias.cache_seconds or get_limits(CacheKind.INFERENCE).seconds
    days = (uses[-1][1] - uses[0][1]) / DAY_MS if uses else 0.0
    different = len({key for key, _ in uses})
    return AliasReport(alias, seconds, suggest_seconds(uses, seconds), len(uses), different, days)


def report_caches(kinds: Iterable[CacheKind] = CacheKind) -> list[CacheReport]:
    return [CacheReport(response_cache(kind).statistics(), suggest_limits(kind)) for kind in kinds]


def suggest_limits(kind: CacheKind) -> Suggestion | None:
    return suggest(response_cache(kind).tally.read_uses(), get_limits(kind), sample=SAMPLE)


@transaction.atomic
def set_limits(*, kind: CacheKind, to: CacheLimits) -> CacheSetting:
    """Other processes see it some seconds later. The audit log has it as a change of the row."""
    row = CacheSetting.objects.select_for_update().filter(kind=kind.value).first() or CacheSetting(kind=kind.value)
    row.seconds, row.size = to.seconds, to.size
    row.full_clean()
    row.save()
    transaction.on_commit(limits.forget)
    return row


def clear_cache(*, kind: CacheKind, tag: str = "", owner: str = "") -> None:
    """What was kept with the tag, or for the owner; without either the whole type. Raises Conflict where it can't."""
    if not response_cache(kind).clear(tag=tag, owner=owner):
        raise Conflict(AWAY)
    record("caches.cleared", subject=f"the cache of {kind.value}", kind=kind.value, tag=tag, owner=owner)
