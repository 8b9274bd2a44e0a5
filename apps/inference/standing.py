"""How providers are now, for who looks after them."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.inference.breaker.states import BreakerState, read_states
from apps.inference.curated import get_curated
from apps.inference.health import ProviderHealth, check_provider
from apps.inference.models import Provider

SEE_PROVIDERS = "inference.view_provider"


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
