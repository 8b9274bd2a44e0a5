"""How providers and caches are now, for who looks after them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.inference.breaker.states import BreakerState, read_states
from apps.inference.caching.kinds import CacheKind
from apps.inference.caching.response import response_cache
from apps.inference.curated import get_curated
from apps.inference.health import ProviderHealth, check_provider
from apps.inference.models import Provider

SEE_PROVIDERS = "inference.view_provider"
SEE_CALLS = "inference.view_call"


@dataclass(frozen=True, slots=True)
class CacheStanding:
    """Look-ups of one type of answers, of all processes and people, since counting began.

    `exact` were answered with an earlier answer to the same, `semantic` with one to the same in other words.
    """

    kind: CacheKind
    exact: int
    semantic: int
    misses: int

    @property
    def type(self) -> str:
        return self.kind.value

    @property
    def lookups(self) -> int:
        return self.exact + self.semantic + self.misses

    @property
    def hits(self) -> int:
        return self.exact + self.semantic

    @property
    def hit_ratio(self) -> float:
        return self.hits / self.lookups if self.lookups else 0.0


def list_cache_standings(user: Any) -> Sequence[CacheStanding]:
    """Of every type, for who may see everybody's calls."""
    if not user.has_perm(SEE_CALLS):
        return ()
    return [stand(kind) for kind in CacheKind]


def stand(kind: CacheKind) -> CacheStanding:
    figures = response_cache(kind).statistics()
    exact = figures["hits_process"] + figures["hits_shared"]
    return CacheStanding(kind, exact, figures["hits_semantic"], max(0, figures["misses"]))


def read_breakers() -> Mapping[str, BreakerState]:
    """By the names of active providers that have models."""
    return {state.provider: state for state in read_states()}


def list_standings(user: Any) -> Sequence[BreakerState]:
    """Of all of them, for who may know which there are."""
    return read_states() if user.has_perm(SEE_PROVIDERS) else ()


def find_health(provider: Provider) -> ProviderHealth | None:
    """What it said at most half a minute ago; None of one that is not active or has no active model."""
    curated = get_curated().providers.get(provider.pk)
    return check_provider(curated) if curated else None
