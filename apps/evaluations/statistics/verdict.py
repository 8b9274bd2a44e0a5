"""What the differences come to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from apps.evaluations.statistics.differences import Difference


class Verdict(StrEnum):
    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE = "no_difference"
    NOT_ENOUGH_CASES = "not_enough_cases"


class Moved(StrEnum):
    BETTER = "better"
    WORSE = "worse"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rules:
    """`margin` is the smallest difference of the primary measure that matters, between 0 and 1; `latency_margin` the
    share by which cases may take longer, None for any. Raises ValueError for a margin or a share that is none.
    """

    margin: float
    confidence: float
    power: float
    latency_margin: float | None = None

    def __post_init__(self) -> None:
        shares = {"margin": self.margin, "confidence": self.confidence, "power": self.power}
        wrong = [name for name, share in shares.items() if not 0 < share < 1]
        if self.latency_margin is not None and self.latency_margin <= 0:
            wrong.append("latency_margin")
        if wrong:
            raise ValueError(f"{', '.join(wrong)} must be above 0, and all but latency_margin below 1")

    @property
    def alpha(self) -> float:
        """The significance demanded after Holm's correction."""
        # 1 - 0.95 is a hair above 0.05, and a p-value of exactly 0.05 would pass.
        return round(1 - self.confidence, 12)


def judge_move(difference: Difference, p_adjusted: float, unseen: float, rules: Rules) -> Moved:
    """Whether a measure from 0 to 1 moved by what matters. `unseen` is the share that may differ without any seen.

    It takes both significance and the margin to have moved; not to have moved, the whole interval must be inside the
    margin, and so many pairs that equal runs do not just look equal because they were too few.
    """
    if p_adjusted < rules.alpha and abs(difference.difference) >= rules.margin:
        return Moved.BETTER if difference.difference > 0 else Moved.WORSE
    inside = -rules.margin < difference.low and difference.high < rules.margin and unseen < rules.margin
    return Moved.NO if inside else Moved.UNKNOWN


def is_slower(latency: Difference, p_adjusted: float, rules: Rules) -> bool:
    """Whether cases take longer by the margin for latency, and not by chance."""
    if rules.latency_margin is None or latency.relative is None:
        return False
    return p_adjusted < rules.alpha and latency.relative >= rules.latency_margin


def decide_verdict(total: Moved, slices: Iterable[Moved], *, slower: bool) -> Verdict:
    """One slice that is worse makes the whole worse: what it lost is not made good by what others gained."""
    if slower or Moved.WORSE in (total, *slices):
        return Verdict.WORSE
    verdicts = {Moved.BETTER: Verdict.BETTER, Moved.NO: Verdict.NO_DIFFERENCE}
    return verdicts.get(total, Verdict.NOT_ENOUGH_CASES)
