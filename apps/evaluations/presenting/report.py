"""A report's figures in the order and the words of its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.core.cache.policy import CachePolicy
from apps.core.cache.registry import get_cache, register_policy
from apps.evaluations.models import Run
from apps.evaluations.services.finishing import build_report

SHARES = (
    ("accuracy", "Top-1 accuracy", "The first answer is right."),
    ("recall_at_5", "Recall at 5", "A right answer is among the first five."),
    ("mrr_at_10", "MRR at 10", "The mean of one over the place of the first right answer."),
    ("mean_relevance", "Mean relevance", "How good the answers are, from 0 to 100 %."),
    ("answered", "Answered", "The system was sure enough to answer."),
    ("precision_answered", "Precision when answered", "Of what it answered, this much is right."),
    ("success_rate", "Success rate", "The system did not fail."),
)
DIMENSIONS = (
    ("language", "By language"),
    ("tag", "By tag"),
    ("made_by", "By how the case was made"),
    ("tier", "By tier"),
)
SLICES_SHOWN = 12

LIVE = "evaluations.live_reports"

register_policy(CachePolicy(LIVE, version=1, local_size=16, local_ttl=600))


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """A measure now and before; `compared` has the difference with its interval where there is one."""

    name: str
    title: str
    meaning: str
    after: float | None
    before: float | None
    compared: Mapping[str, Any]
    interval: Sequence[float] | None = None
    is_primary: bool = False

    @property
    def difference(self) -> float | None:
        if self.compared:
            return float(self.compared["difference"])
        return None if self.after is None or self.before is None else self.after - self.before


def compare_live(run: Run, baseline: Run) -> dict[str, Any]:
    """The report of the run against another baseline than its own. Raises InvalidInput where it cannot be made.

    Kept for a while: turning a page of its table must not draw thousands of bootstrap samples again.
    """
    suite = run.suite
    recipe = [run.pk, baseline.pk, suite.measure, suite.margin, suite.latency_margin]
    data: dict[str, Any] = get_cache(LIVE).get_or_compute(recipe, lambda: build_report(run, baseline))
    return data


def list_measures(data: Mapping[str, Any]) -> list[MeasureRow]:
    """The measures that are shares, the suite's own first."""
    now, before = data["summary"], data.get("baseline_summary") or {}
    compared = (data.get("comparison") or {}).get("measures", {})
    primary = data["suite"]["measure"]
    rows = [
        MeasureRow(
            name,
            title,
            meaning,
            now.get(name),
            before.get(name),
            compared.get(name, {}),
            now.get("accuracy_interval") if name == "accuracy" else None,
            name == primary,
        )
        for name, title, meaning in SHARES
    ]
    return sorted(rows, key=lambda row: not row.is_primary)


def find_reach(rows: Sequence[Mapping[str, Any]]) -> float:
    """What both sides of the pictures of differences hold: a round number above all intervals, at least a point."""
    ends = [abs(row[end]) for row in rows for end in ("low", "high") if row.get(end) is not None]
    largest = max(ends, default=0.01)
    return next((reach for reach in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if largest <= reach), 1.0)


def list_slices(data: Mapping[str, Any]) -> dict[str, Any]:
    """The slices that moved, and those that did not, each with the largest difference first."""
    slices = (data.get("comparison") or {}).get("slices", [])
    ordered = sorted(slices, key=lambda row: (row["moved"] != "worse", row["primary"]["difference"]))
    moved = [row for row in ordered if row["moved"] in ("worse", "better")]
    rest = sorted(
        (row for row in ordered if row["moved"] not in ("worse", "better")),
        key=lambda row: -abs(row["primary"]["difference"]),
    )
    shown = moved + rest[: max(0, SLICES_SHOWN - len(moved))]
    return {
        "moved": moved,
        "shown": shown,
        "rest": rest[max(0, SLICES_SHOWN - len(moved)) :],
        "total": len(slices),
        "reach": find_reach([row["primary"] for row in slices]),
    }


def list_dimensions(summary: Mapping[str, Any]) -> list[tuple[str, str, list[tuple[str, Mapping[str, Any]]]]]:
    """The figures of each slice of the run alone: name, title, and rows with the most cases first."""
    found = []
    for name, title in DIMENSIONS:
        rows = sorted(summary.get(f"by_{name}", {}).items(), key=lambda row: (-row[1]["cases"], row[0]))
        if rows:
            found.append((name, title, rows))
    return found


def describe_progress(run: Run) -> dict[str, Any]:
    """How far a run is, how fast, and how long it will still take, in seconds; None while that is not known."""
    seconds = run.seconds(timezone.now())
    rate = run.done / seconds if seconds and run.done else None
    return {"seconds": seconds, "rate": rate, "left": (run.total - run.done) / rate if rate else None}
