"""What a report says, read out of its data: what every form shows, with nothing missing that a form could trip over."""

from collections.abc import Collection
from dataclasses import dataclass, field

from apps.evaluations.reports.measures import Measure


@dataclass(frozen=True, slots=True)
class SuiteInfo:
    """`margin` is a share; `latency_margin` a share of the mean latency, None where latency decides nothing."""

    name: str
    target: str = ""
    measure: str = "accuracy"
    measure_title: str = ""
    margin: float | None = None
    latency_margin: float | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """`started_at` and `finished_at` are ISO 8601; `pinned` is (name, value) by name; `seconds` None before a start."""

    id: str
    note: str = ""
    suite_version: str = ""
    started_at: str = ""
    finished_at: str = ""
    seconds: float | None = None
    pinned: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of two runs. The bounds, `p_value` and `effect_size` are None where cases were not paired."""

    measure: Measure
    before: float | None = None
    after: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    effect_size: float | None = None
    method: str = ""

    @property
    def is_paired(self) -> bool:
        return self.low is not None and self.high is not None

    @property
    def direction(self) -> int:
        """1 for surely better, -1 for surely worse by the interval alone, 0 for neither."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return 0
        return 1 if (self.low > 0) == self.measure.higher_is_better else -1


@dataclass(frozen=True, slots=True)
class SliceRow:
    """The primary measure over the pairs of one slice; `moved` is better, worse, no or unknown."""

    dimension: str
    value: str
    pairs: int
    row: Row
    p_adjusted: float | None
    moved: str


@dataclass(frozen=True, slots=True)
class Figures:
    """The measures of one run, or of one slice of it, by name."""

    cases: int = 0
    values: dict[str, float] = field(default_factory=dict)
    interval: tuple[float, float] | None = None
    bins: tuple[dict[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class SliceFigures:
    """One slice of each run, over all its cases; `before` is None where the baseline has no such slice."""

    dimension: str
    value: str
    before: Figures | None
    after: Figures | None


@dataclass(frozen=True, slots=True)
class Side:
    """What one run did with a case. `first` is its first answer's title, `language` that answer's."""

    right: bool
    rank: int | None = None
    answered: bool = False
    confidence: float | None = None
    tier: str = ""
    latency_ms: float | None = None
    first: str = ""
    language: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Flip:
    """A case that is right in one run and wrong in the other. `expected` are right answers; none: nothing is."""

    external_id: str
    query: str
    expected: tuple[str, ...]
    labels: tuple[str, ...]
    newly_wrong: bool
    change: str
    before: Side
    after: Side


@dataclass(frozen=True, slots=True)
class Change:
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """Cases that fail for the same thing; `examples` are their queries."""

    name: str
    detail: str
    cases: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CauseRow:
    title: str
    advice: str
    cases: int
    clusters: tuple[Cluster, ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """What so many pairs could show; see `apps.evaluations.statistics.comparison.Comparison`."""

    pairs: int
    small_slices: int = 0
    tests: int | None = None
    confidence: float = 0.95
    power: float | None = None
    smallest_visible: float | None = None
    cases_needed: int | None = None
    cases_more: int | None = None


@dataclass(frozen=True, slots=True)
class Unpaired:
    """Cases left out of the comparison: only one run asked them, or they were edited in between."""

    only_before: int = 0
    only_after: int = 0
    changed: int = 0

    @property
    def total(self) -> int:
        return self.only_before + self.only_after + self.changed


@dataclass(frozen=True, slots=True)
class Contents:
    """A whole report. `flips` are the newly wrong, most damaging first, then the newly right, most gained first.

    `reach` is None where nothing was compared; `newly_wrong` and `newly_right` count all flips, also unlisted ones.
    """

    suite: SuiteInfo
    run: RunInfo
    baseline: RunInfo | None
    verdict: str
    title: str
    reasons: tuple[str, ...]
    summary: Figures | None
    baseline_summary: Figures | None
    rows: tuple[Row, ...]
    slices: tuple[SliceRow, ...]
    figures: tuple[SliceFigures, ...]
    reach: Reach | None
    newly_wrong: int
    newly_right: int
    flips: tuple[Flip, ...]
    changes: tuple[Change, ...]
    drift: tuple[Change, ...]
    unpaired: Unpaired
    causes: tuple[CauseRow, ...]

    @property
    def moved(self) -> tuple[SliceRow, ...]:
        """The slices that moved, the worse ones first."""
        return tuple(one for way in ("worse", "better") for one in self.slices if one.moved == way)

    def list_rows(self, *, without: Collection[str]) -> tuple[Row, ...]:
        """The measures that say something: not these, and no cost where nothing costs anything."""
        return tuple(
            row
            for row in self.rows
            if row.measure.name not in without and (row.measure.name != "cost" or row.before or row.after)
        )

    def list_flips(self, *, newly_wrong: bool) -> tuple[Flip, ...]:
        return tuple(flip for flip in self.flips if flip.newly_wrong == newly_wrong)
