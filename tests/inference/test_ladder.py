import asyncio
import time
from dataclasses import dataclass, field, replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.inference.ladder import PAST_DEADLINE, Answer, Climb, TierFailed, climb, climb_async
from tests.inference.jumping import run_jumping

pytestmark = pytest.mark.unit


@dataclass
class FakeTier:
    name: str
    threshold: float = 0.5
    confidence: float | None = None
    skip: str = ""
    error: str = ""
    asked: list[str] = field(default_factory=list)

    def skip_reason(self, request: str) -> str:
        return self.skip

    def answer(self, request: str) -> Answer[str] | None:
        self.asked.append(request)
        if self.error:
            raise TierFailed(self.error)
        return None if self.confidence is None else Answer(f"from {self.name}", self.confidence, cost=0.25)


def run(*tiers: FakeTier, deadline: float | None = None) -> Climb[str]:
    ticks = count()
    return climb(tiers, "question", clock=lambda: float(next(ticks)), deadline=deadline)


@dataclass
class AsyncTier:
    """The same tier for a climb that waits."""

    tier: FakeTier

    @property
    def name(self) -> str:
        return self.tier.name

    @property
    def threshold(self) -> float:
        return self.tier.threshold

    def skip_reason(self, request: str) -> str:
        return self.tier.skip_reason(request)

    async def answer(self, request: str) -> Answer[str] | None:
        await asyncio.sleep(0)
        return self.tier.answer(request)


def run_async(*tiers: FakeTier, deadline: float | None = None) -> Climb[str]:
    ticks = count()
    waiting = [AsyncTier(tier) for tier in tiers]
    return asyncio.run(climb_async(waiting, "question", clock=lambda: float(next(ticks)), deadline=deadline))


def outcomes(result: Climb[str]) -> list[str]:
    return [step.outcome for step in result.steps]


def test_first_sure_tier_ends_the_climb():
    last = FakeTier("last", confidence=1.0)
    result = run(FakeTier("a"), FakeTier("b", confidence=0.6), last)
    assert (result.tier, result.answered, result.confidence) == ("b", True, 0.6)
    assert outcomes(result) == ["abstained", "answered"]
    assert last.asked == []


def test_best_unsure_answer_is_returned_unanswered():
    result = run(FakeTier("a", confidence=0.2), FakeTier("b", confidence=0.4), FakeTier("c", confidence=0.3))
    assert (result.tier, result.answered) == ("b", False)
    assert result.answer is not None
    assert result.answer.value == "from b"


def test_of_equally_unsure_answers_the_cheaper_tier_counts():
    assert run(FakeTier("a", confidence=0.3), FakeTier("b", confidence=0.3)).tier == "a"


def test_a_failing_tier_is_stepped_over_and_named():
    result = run(FakeTier("a", error="the model is away"), FakeTier("b", confidence=0.9))
    assert result.tier == "b"
    assert result.steps[0].outcome == "failed"
    assert result.steps[0].reason == "the model is away"


def test_a_skipped_tier_is_not_asked():
    tier = FakeTier("a", confidence=0.9, skip="breaker is open")
    result = run(tier)
    assert tier.asked == []
    assert result.steps[0].reason == "breaker is open"
    assert result.answer is None


def test_no_tier_is_asked_past_the_deadline():
    late = FakeTier("late", confidence=1.0)
    result = run(FakeTier("a"), late, deadline=1.5)
    assert late.asked == []
    assert outcomes(result) == ["abstained", "skipped"]


def test_other_errors_are_not_swallowed():
    class Broken(FakeTier):
        def answer(self, request: str) -> Answer[str] | None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(Broken("a"))


def test_steps_tell_time_and_cost():
    result = run(FakeTier("a", confidence=0.1), FakeTier("b", confidence=0.9))
    assert [step.ms for step in result.steps] == [1000.0, 1000.0]
    assert result.cost == 0.5
    assert result.steps[1].as_dict() == {
        "tier": "b", "outcome": "answered", "ms": 1000.0, "confidence": 0.9, "cost": 0.25, "reason": "",
    }  # fmt: skip


TIERS = st.lists(
    st.builds(
        FakeTier,
        name=st.text(min_size=1, max_size=4),
        threshold=st.floats(0, 1),
        confidence=st.none() | st.floats(0, 1),
        skip=st.sampled_from(["", "", "open"]),
        error=st.sampled_from(["", "", "away"]),
    ),
    max_size=6,
)


@given(TIERS)
def test_climb_holds_its_promises(tiers: list[FakeTier]):
    result = run(*tiers)
    asked = [tier for tier in tiers if tier.asked]
    able = [tier for tier in asked if not tier.error and tier.confidence is not None]
    assert len(result.steps) <= len(tiers)
    assert result.answered == any(tier.confidence >= tier.threshold for tier in able)
    if result.answered:
        assert outcomes(result).index("answered") == len(result.steps) - 1
    else:
        assert len(result.steps) == len(tiers)
        assert result.confidence == max((tier.confidence for tier in able), default=0.0)


@given(TIERS, st.integers(0, 12))
def test_nobody_is_asked_at_the_deadline_or_after_it(tiers: list[FakeTier], deadline: int):
    ticks = count()
    begun: dict[int, float] = {}

    def tell_time() -> float:
        now = float(next(ticks))
        asked = sum(bool(tier.asked) for tier in tiers)
        begun[asked] = now
        return now

    result = climb(tiers, "question", clock=tell_time, deadline=float(deadline))
    late = [step for step in result.steps if step.reason == PAST_DEADLINE]
    asked = sum(bool(tier.asked) for tier in tiers)
    # The clock that was read before the last tier was asked had not come to the deadline.
    assert asked == 0 or begun[asked - 1] < deadline
    assert result.answered or len(result.steps) == len(tiers)
    assert all(step.outcome == "skipped" for step in late)


@given(TIERS)
def test_the_climb_that_waits_comes_to_the_same(tiers: list[FakeTier]):
    again = [replace(tier, asked=[]) for tier in tiers]
    assert run_async(*again) == run(*tiers)
    assert [tier.asked for tier in again] == [tier.asked for tier in tiers]


def test_a_tier_that_waits_past_the_deadline_is_cancelled():
    ended: list[str] = []

    class Slow(FakeTier):
        async def answer(self, request: str) -> Answer[str] | None:  # type: ignore[override]
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(self.name)
            return None

    after = AsyncTier(FakeTier("after", confidence=1.0))

    async def work() -> Climb[str]:
        clock = asyncio.get_running_loop().time
        return await climb_async([Slow("slow"), after], "question", clock=clock, deadline=clock() + 0.05)

    result, seconds = run_jumping(work())
    assert seconds == pytest.approx(0.05)
    assert [(step.outcome, step.reason) for step in result.steps] == [
        ("failed", PAST_DEADLINE),
        ("skipped", PAST_DEADLINE),
    ]
    assert ended == ["slow"]
    assert after.tier.asked == []


def test_a_time_out_within_a_tier_is_its_own():
    class Careless(FakeTier):
        async def answer(self, request: str) -> Answer[str] | None:  # type: ignore[override]
            raise TimeoutError("of something else")

    with pytest.raises(TimeoutError, match="something else"):
        asyncio.run(climb_async([Careless("a")], "question", clock=time.monotonic))
