"""What a comparison of two runs comes to."""

from dataclasses import asdict, dataclass
from typing import Any

from apps.evaluations.statistics.differences import Difference
from apps.evaluations.statistics.verdict import Moved, Rules, Verdict


@dataclass(frozen=True, slots=True)
class SliceDifference:
    """The primary measure over the pairs of one slice. `p_adjusted` is after Holm's correction over all slices."""

    dimension: str
    value: str
    pairs: int
    primary: Difference
    p_adjusted: float
    moved: Moved


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict on the primary measure in total and by slice, with its evidence.

    `newly_right` and `newly_wrong` count pairs, `cohens_g` and `odds_ratio` are of them; all None where the primary
    measure has more values than right and wrong. `tests` is how many were corrected for together, `p_adjusted` the
    total's. `small_slices` counts those left out for having too few pairs. `smallest_visible` is the smallest true
    difference that so many pairs show with the power asked for; `cases_needed` how many show one of the margin;
    `cases_more` how many more would decide if the difference stays as seen. Each is None where no number does it.
    """

    primary: str
    pairs: int
    newly_right: int | None
    newly_wrong: int | None
    cohens_g: float | None
    odds_ratio: float | None
    measures: dict[str, Difference]
    slices: list[SliceDifference]
    small_slices: int
    tests: int
    p_adjusted: float
    rules: Rules
    verdict: Verdict
    reasons: list[str]
    smallest_visible: float | None
    cases_needed: int | None
    cases_more: int | None

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON: numbers are finite or None."""
        return asdict(self)
