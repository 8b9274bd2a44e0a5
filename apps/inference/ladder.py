"""The ladder: every answer comes from the cheapest tier that is sure enough, and says how it was reached.

Pure: the caller gives the clock; tiers answer, abstain or fail.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

CACHE = "cache"
RULES = "rules"
LOCAL_MODEL = "local_model"
LANGUAGE_MODEL = "language_model"

PAST_DEADLINE = "past the deadline"
"""Why a tier was skipped that was not asked in time."""

Outcome = Literal["answered", "unsure", "abstained", "failed", "skipped"]
Request = TypeVar("Request", contravariant=True)
Value = TypeVar("Value")


class TierFailed(Exception):
    """Raised by a tier that cannot work now (its model or server is away). The climb goes on."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[Value]):
    """`confidence` is a calibrated probability from 0 to 1 that the answer is right; `cost` is in US dollars."""

    value: Value
    confidence: float
    cost: float = 0.0


class Tier(Protocol[Request, Value]):
    """One rung. `threshold` is the least confidence with which its answer ends the climb."""

    name: str
    threshold: float

    def skip_reason(self, request: Request) -> str:
        """Why the tier shall not be asked now (open breaker, spent budget); empty to ask it."""

    def answer(self, request: Request) -> Answer[Value] | None:
        """The tier's answer, or None to abstain. Raises TierFailed when it cannot work."""


@dataclass(frozen=True, slots=True)
class Step:
    """One tier's part in a trace. `ms` is its latency in milliseconds."""

    tier: str
    outcome: Outcome
    ms: float = 0.0
    confidence: float | None = None
    cost: float = 0.0
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "tier": self.tier,
            "outcome": self.outcome,
            "ms": round(self.ms, 3),
            "confidence": None if self.confidence is None else round(self.confidence, 4),
            "cost": self.cost,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Climb(Generic[Value]):
    """What a climb came to. `tier` gave `answer`; `answered` is False when no tier was sure enough."""

    answer: Answer[Value] | None
    tier: str
    answered: bool
    steps: tuple[Step, ...]

    @property
    def confidence(self) -> float:
        return self.answer.confidence if self.answer else 0.0

    @property
    def cost(self) -> float:
        return sum(step.cost for step in self.steps)


def climb(
    tiers: Iterable[Tier[Request, Value]],
    request: Request,
    *,
    clock: Callable[[], float],
    deadline: float | None = None,
) -> Climb[Value]:
    """Asks the tiers in order and stops at the first that is sure enough.

    `clock` gives seconds; `deadline` is a time of that clock after which no further tier is asked. When no tier is
    sure, the most confident answer seen is returned with `answered=False`; of equals the cheaper, earlier tier's.
    """
    best: Answer[Value] | None = None
    best_tier = ""
    steps: list[Step] = []
    for tier in tiers:
        answer, step = _ask(tier, request, clock=clock, deadline=deadline)
        steps.append(step)
        if answer and (best is None or answer.confidence > best.confidence):
            best, best_tier = answer, tier.name
        if step.outcome == "answered":
            return Climb(answer, tier.name, True, tuple(steps))
    return Climb(best, best_tier, False, tuple(steps))


def _ask(
    tier: Tier[Request, Value], request: Request, *, clock: Callable[[], float], deadline: float | None
) -> tuple[Answer[Value] | None, Step]:
    started = clock()
    if deadline is not None and started >= deadline:
        return None, Step(tier.name, "skipped", reason=PAST_DEADLINE)
    if reason := tier.skip_reason(request):
        return None, Step(tier.name, "skipped", reason=reason)
    try:
        answer = tier.answer(request)
    except TierFailed as error:
        return None, Step(tier.name, "failed", _milliseconds(clock, started), reason=str(error))
    ms = _milliseconds(clock, started)
    if answer is None:
        return None, Step(tier.name, "abstained", ms)
    outcome: Outcome = "answered" if answer.confidence >= tier.threshold else "unsure"
    return answer, Step(tier.name, outcome, ms, answer.confidence, answer.cost)


def _milliseconds(clock: Callable[[], float], started: float) -> float:
    return (clock() - started) * 1000
