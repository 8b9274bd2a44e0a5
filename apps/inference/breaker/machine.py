"""Pure: when a provider that fails is left alone, and when it is tried again. The caller gives the clock.

Times are whole milliseconds of one clock. `shared.py` has the same steps as a script of Valkey's.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Phase(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    """Left alone for long enough: one request at a time may try whether it answers again."""


@dataclass(frozen=True, slots=True)
class Policy:
    failures: int = 5
    """In a row: with so many it opens."""
    open_ms: int = 60_000
    trial_ms: int = 60_000
    """How long a trial may take to report, before another may be made."""


@dataclass(frozen=True, slots=True)
class Breaker:
    failures: int = 0
    """In a row, while it is closed."""
    generation: int = 0
    """Grows whenever it opens and whenever somebody resets it: who was admitted before that has no say any more."""
    open_until: int = 0
    """0 while it is closed."""
    trial_until: int = 0
    """When the trial that is under way is given up; 0 when none is."""

    def phase(self, now: int) -> Phase:
        if not self.open_until:
            return Phase.CLOSED
        return Phase.OPEN if now < self.open_until else Phase.HALF_OPEN

    def wait(self, now: int) -> int:
        """Milliseconds until a request may be admitted, as far as is known; 0 when it may be now."""
        return max(0, max(self.open_until, self.trial_until) - now) if self.open_until else 0


def admit(breaker: Breaker, now: int, policy: Policy) -> tuple[Breaker, bool]:
    """Whether a request may be made. Where it is half open, that is the trial, up to `trial_until` of what is given."""
    if not breaker.open_until:
        return breaker, True
    if breaker.wait(now):
        return breaker, False
    return replace(breaker, trial_until=now + policy.trial_ms), True


def succeed(breaker: Breaker, now: int, generation: int) -> Breaker:
    """`generation` is the one in which the request was admitted."""
    if generation < breaker.generation or breaker.phase(now) is Phase.OPEN:
        return breaker
    return Breaker(generation=breaker.generation)


def fail(breaker: Breaker, now: int, generation: int, policy: Policy) -> Breaker:
    if generation < breaker.generation or breaker.phase(now) is Phase.OPEN:
        return breaker
    failures = breaker.failures + 1
    if not breaker.open_until and failures < policy.failures:
        return replace(breaker, failures=failures)
    return Breaker(generation=breaker.generation + 1, open_until=now + policy.open_ms)


def release(breaker: Breaker, trial: int) -> Breaker:
    """A trial that came to nothing, so that another may be made at once. `trial` is its `trial_until`."""
    return replace(breaker, trial_until=0) if trial and breaker.trial_until == trial else breaker


def reset(breaker: Breaker) -> Breaker:
    return Breaker(generation=breaker.generation + 1)


def restore(breaker: Breaker, known: Breaker) -> Breaker:
    """The one that has seen more: `known` is a process's, from while it was alone."""
    return known if known.generation > breaker.generation else breaker
