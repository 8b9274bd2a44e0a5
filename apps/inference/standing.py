"""How providers are now, for who looks after them."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.inference.breaker.states import BreakerState, read_states

SEE_PROVIDERS = "inference.view_provider"


def read_breakers() -> Mapping[str, BreakerState]:
    """By the names of active providers that have models."""
    return {state.provider: state for state in read_states()}


def list_standings(user: Any) -> Sequence[BreakerState]:
    """Of all of them, for who may know which there are."""
    return read_states() if user.has_perm(SEE_PROVIDERS) else ()
