"""How providers are now, for who looks after them."""

from collections.abc import Mapping

from apps.inference.breaker.states import BreakerState, read_states


def read_breakers() -> Mapping[str, BreakerState]:
    """By the names of active providers that have models."""
    return {state.provider: state for state in read_states()}
