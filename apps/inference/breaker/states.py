"""How the breakers stand, for people; and closing one by hand."""

from dataclasses import dataclass
from typing import Any

from apps.core.audit import record
from apps.inference.breaker.board import LOOK_SECONDS, board
from apps.inference.breaker.machine import Phase, Policy
from apps.inference.curated import get_curated
from apps.inference.models import Provider

LEVELS = {Phase.CLOSED: 0, Phase.HALF_OPEN: 1, Phase.OPEN: 2}


@dataclass(frozen=True, slots=True)
class BreakerState:
    """`failures` are in a row; `retry_after` is in seconds. `shared` is False while each process has its own."""

    provider: str
    state: Phase
    failures: int
    retry_after: float
    shared: bool

    @property
    def why(self) -> str:
        """For who looks after the provider; empty when there is nothing to say."""
        whose = "" if self.shared else " Valkey is away: this is one process's own."
        if self.state is Phase.OPEN:
            return f"It failed too often in a row. It is left alone for {self.retry_after:.0f} s more.{whose}"
        if self.state is Phase.HALF_OPEN:
            return f"It failed too often in a row. One request at a time tries it again.{whose}"
        return f"Failures in a row: {self.failures}.{whose}" if self.failures else whose.strip()


def read_states() -> list[BreakerState]:
    """Of all active providers that have models, by name."""
    board.look(LOOK_SECONDS)
    now = board.now()
    states = []
    for provider in sorted(get_curated().providers.values(), key=lambda one: one.name):
        breaker = board.get(provider.id)
        wait = breaker.wait(now) / 1000
        states.append(BreakerState(provider.name, breaker.phase(now), breaker.failures, wait, not board.is_alone))
    return states


def reset_breaker(provider_name: str, by: Any) -> None:
    """Closes it for all processes; for this one alone while Valkey is away. Raises Provider.DoesNotExist."""
    provider = Provider.objects.get(name=provider_name)
    board.step(provider.pk, "reset", Policy())
    record("inference.breaker_reset", actor=by, subject=provider)


def gauge_breakers() -> list[tuple[dict[str, str], float]]:
    """0 closed, 1 half open, 2 open."""
    return [({"provider": state.provider}, LEVELS[state.state]) for state in read_states()]
