"""The ladder: every answer comes from the cheapest tier that is sure enough, and says how it was reached.

Pure: the caller gives the clock; tiers answer, abstain or fail.
"""

import asyncio
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


class Rung(Protocol[Request]):
    """What is common to tiers. `threshold` is the least confidence with which an answer ends the climb."""

    name: str
    threshold: float

    def skip_reason(self, request: Request) -> str:
        """Why the tier shall not be asked now (open breaker, spent budget); empty to ask it."""


class Tier(Rung[Request], Protocol[Request, Value]):
    def answer(self, request: Request) -> Answer[Value] | None:
        """The tier's answer, or None to abstain. Raises TierFailed when it cannot work."""


class AsyncTier(Rung[Request], Protocol[Request, Value]):
    async def answer(self, request: Request) -> Answer[Value] | None:
        """As `Tier.answer`; cancelled at the deadline."""


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
    course = _Course[Value](clock, deadline)
    for tier in tiers:
        if course.may_ask(tier, request):
            try:
                answer = tier.answer(request)
            except TierFailed as error:
                course.note_failure(tier, str(error))
            else:
                if course.note_answer(tier, answer):
                    break
    return course.end()


async def climb_async(
    tiers: Iterable[AsyncTier[Request, Value]],
    request: Request,
    *,
    clock: Callable[[], float],
    deadline: float | None = None,
) -> Climb[Value]:
    """As `climb`, of tiers that wait for others: a tier that is not done at the deadline is cancelled, and failed."""
    course = _Course[Value](clock, deadline)
    for tier in tiers:
        if course.may_ask(tier, request):
            limit = asyncio.timeout(course.seconds_left)
            try:
                async with limit:
                    answer = await tier.answer(request)
            except TierFailed as error:
                course.note_failure(tier, str(error))
            except TimeoutError:
                if not limit.expired():
                    raise
                course.note_failure(tier, PAST_DEADLINE)
            else:
                if course.note_answer(tier, answer):
                    break
    return course.end()


class _Course(Generic[Value]):
    """What both climbs decide by. It asks nobody itself."""

    def __init__(self, clock: Callable[[], float], deadline: float | None) -> None:
        self._clock = clock
        self._deadline = deadline
        self._steps: list[Step] = []
        self._best: Answer[Value] | None = None
        self._best_tier = ""
        self._answered = False
        self._started = 0.0

    @property
    def seconds_left(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - self._started)

    def may_ask(self, tier: Rung[Request], request: Request) -> bool:
        self._started = self._clock()
        late = self._deadline is not None and self._started >= self._deadline
        reason = PAST_DEADLINE if late else tier.skip_reason(request)
        if reason:
            self._steps.append(Step(tier.name, "skipped", reason=reason))
        return not reason

    def note_failure(self, tier: Rung[Any], reason: str) -> None:
        self._steps.append(Step(tier.name, "failed", self._milliseconds(), reason=reason))

    def note_answer(self, tier: Rung[Any], answer: Answer[Value] | None) -> bool:
        """Whether it ends the climb."""
        ms = self._milliseconds()
        if answer is None:
            self._steps.append(Step(tier.name, "abstained", ms))
            return False
        self._answered = answer.confidence >= tier.threshold
        outcome: Outcome = "answered" if self._answered else "unsure"
        self._steps.append(Step(tier.name, outcome, ms, answer.confidence, answer.cost))
        if self._answered or self._best is None or answer.confidence > self._best.confidence:
            self._best, self._best_tier = answer, tier.name
        return self._answered

    def end(self) -> Climb[Value]:
        return Climb(self._best, self._best_tier, self._answered, tuple(self._steps))

    def _milliseconds(self) -> float:
        return (self._clock() - self._started) * 1000
