"""Two runs of a suite beside each other, pair by pair; what a report holds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from apps.core.errors import InvalidInput
from apps.core.targets.registry import get_target
from apps.core.targets.types import Outcome, Target
from apps.evaluations.models import BaselineChoice, CaseOutcome, Run, RunState, Verdict

if TYPE_CHECKING:
    from apps.evaluations.services.columns import RunColumns

MAX_FLIPS = 200
COMPARED = ("accuracy", "recall_at_5", "mrr_at_10", "mean_relevance", "answered", "latency_ms")
UNSLICED = ("tier",)
"""Dimensions that a change itself moves cases about in: their slices of two runs hold different cases."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A case that is right in one run and wrong in the other. `damage` orders the list."""

    case_id: int
    before: CaseOutcome
    after: CaseOutcome

    @property
    def newly_wrong(self) -> bool:
        return self.before.right

    @property
    def damage(self) -> float:
        """How much worse: what was lost of the score, and how sure of the wrong answer the system is."""
        wrong = self.after if self.newly_wrong else self.before
        sureness = wrong.confidence if wrong.answered else 0.0
        lost = self.before.score - self.after.score
        return lost + sureness if self.newly_wrong else lost - sureness


def choose_baseline(run: Run) -> Run | None:
    """The one it was started with, the pinned one, or the last good run before it; see `Schedule.compare_with`."""
    if run.baseline_id:
        return run.baseline
    pinned = run.suite.baseline
    wants_last = run.schedule is not None and run.schedule.compare_with == BaselineChoice.LAST_GOOD
    if pinned is not None and pinned.pk != run.pk and not wants_last:
        return pinned
    return run.suite.last_good_run(before=run)


def describe_run(run: Run) -> dict[str, Any]:
    return {
        "id": run.pk,
        "note": run.note,
        "suite_version": run.suite_version,
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "seconds": round(run.seconds(timezone.now()), 2),
        "pinned": run.pinned,
        "drift": run.drift,
    }


def list_changes(before: dict[str, str], after: dict[str, str]) -> list[dict[str, str]]:
    """What differs between two pinned states, by name."""
    return [
        {"name": name, "before": before.get(name, ""), "after": after.get(name, "")}
        for name in sorted({*before, *after})
        if before.get(name, "") != after.get(name, "")
    ]


def compare_runs(*, baseline: Run, candidate: Run) -> dict[str, Any]:
    """The comparison's part of a report: `comparison`, `flips`, `changes`, `unpaired`.

    Raises InvalidInput when the runs are not of one suite, not finished, or their outcomes were deleted.
    """
    from apps.evaluations.services.columns import load_columns

    _check_comparable(baseline, candidate)
    before, after = load_columns(baseline), load_columns(candidate)
    pairs, unpaired = _pair(before, after)
    comparison = _compare_pairs(*pairs, candidate)
    flips = find_flips(pairs[0], pairs[1], baseline, candidate)
    return {
        "comparison": comparison,
        "verdict": comparison["verdict"],
        "reasons": comparison["reasons"],
        "flips": {
            "newly_wrong": comparison["newly_wrong"],
            "newly_right": comparison["newly_right"],
            "list": describe_flips(flips, get_target(candidate.suite.target)),
        },
        "changes": list_changes(baseline.pinned, candidate.pinned),
        "unpaired": unpaired,
    }


def find_flips(before: "RunColumns", after: "RunColumns", baseline: Run, candidate: Run) -> list[Flip]:
    """The flips that do most damage; the columns hold the same cases in the same order."""
    import numpy as np

    right_before, right_after = before.outcomes.right, after.outcomes.right
    flipped = np.flatnonzero(right_before != right_after)
    lost = before.outcomes.score[flipped] - after.outcomes.score[flipped]
    sure = np.where(
        right_before[flipped],
        after.outcomes.confidence[flipped] * after.outcomes.answered[flipped],
        -before.outcomes.confidence[flipped] * before.outcomes.answered[flipped],
    )
    worst = flipped[np.lexsort((flipped, -(lost + sure)))]
    # Both ends of the list: a reader wants the worst of the newly wrong and the best of the newly right.
    chosen = worst if len(worst) <= MAX_FLIPS else np.concatenate([worst[: MAX_FLIPS // 2], worst[-MAX_FLIPS // 2 :]])
    cases = before.cases[chosen].tolist()
    old, new = _load(baseline, cases), _load(candidate, cases)
    return [Flip(case, old[case], new[case]) for case in cases]


def describe_flips(flips: list[Flip], target: Target) -> list[dict[str, Any]]:
    rows = []
    for flip in flips:
        case = flip.after.case
        rows.append(
            {
                "case": case.pk,
                "external_id": case.external_id,
                "query": case.query or str(case.input),
                "expected": case.expected,
                "made_by": case.made_by,
                "tags": case.tags,
                "labels": flip.after.labels,
                "newly": "wrong" if flip.newly_wrong else "right",
                "damage": round(flip.damage, 4),
                "change": target.explain_change(to_outcome(flip.before), to_outcome(flip.after)),
                "before": describe_outcome(flip.before),
                "after": describe_outcome(flip.after),
            }
        )
    return rows


def describe_outcome(outcome: CaseOutcome) -> dict[str, Any]:
    return {
        "right": outcome.right,
        "rank": outcome.rank,
        "answered": outcome.answered,
        "confidence": round(outcome.confidence, 4),
        "tier": outcome.tier,
        "latency_ms": round(outcome.latency_ms, 2),
        "got": outcome.got[:3],
        "trace": outcome.trace,
        "error": outcome.error,
    }


def to_outcome(row: CaseOutcome) -> Outcome:
    """The stored outcome as its target gave it."""
    return Outcome(
        right=row.right,
        rank=row.rank,
        score=row.score,
        answered=row.answered,
        confidence=row.confidence,
        tier=row.tier,
        latency_ms=row.latency_ms,
        cost=row.cost,
        labels=row.labels,
        got=row.got,
        trace=row.trace,
        error=row.error,
    )


def _check_comparable(baseline: Run, candidate: Run) -> None:
    if baseline.suite_id != candidate.suite_id:
        raise InvalidInput({"baseline": "is a run of another suite"})
    if baseline.pk == candidate.pk:
        raise InvalidInput({"baseline": "is the run itself"})
    for field, run in (("baseline", baseline), ("run", candidate)):
        if run.outcomes_pruned:
            raise InvalidInput({field: f"{run.pk}: its outcomes were deleted, see EVALUATION_KEEP_DAYS"})
        if run.state == RunState.FAILED or not run.done:
            raise InvalidInput({field: f"{run.pk} did not go through"})


def _pair(before: "RunColumns", after: "RunColumns") -> tuple[tuple["RunColumns", "RunColumns"], dict[str, int]]:
    """The cases that both runs asked, as they were asked in both, and how many are left out and why."""
    import numpy as np

    both, old, new = np.intersect1d(before.cases, after.cases, assume_unique=True, return_indices=True)
    same = before.versions[old] == after.versions[new]
    unpaired = {
        "only_before": len(before.cases) - len(both),
        "only_after": len(after.cases) - len(both),
        "changed": int((~same).sum()),
    }
    return (before.take(old[same]), after.take(new[same])), unpaired


def _compare_pairs(before: "RunColumns", after: "RunColumns", candidate: Run) -> dict[str, Any]:
    import numpy as np

    from apps.evaluations.metrics import score_cases
    from apps.evaluations.metrics.slices import find_slices
    from apps.evaluations.statistics import PairedColumns, compare_pairs

    suite = candidate.suite
    old, new = score_cases(before.outcomes), score_cases(after.outcomes)
    _, groups = np.unique(np.array(after.groups, dtype=object).astype(str), return_inverse=True)
    count = len(after.cases)
    slices: dict[tuple[str, str], np.ndarray] = {}
    seen: set[bytes] = set()
    # Tags come last: one that only repeats another dimension would say everything twice.
    for dimension, values in sorted(after.dimensions.items(), key=lambda one: one[0] == "tag"):
        if dimension in UNSLICED:
            continue
        for value, places in find_slices(values, count).items():
            mask = np.zeros(count, dtype=bool)
            mask[places] = True
            if dimension != "tag" or mask.tobytes() not in seen:
                slices[dimension, value] = mask
            seen.add(mask.tobytes())
    comparison = compare_pairs(
        PairedColumns(measures={name: (old[name], new[name]) for name in COMPARED}, groups=groups),
        primary=suite.measure,
        margin=suite.margin,
        slices=slices,
        latency_margin=suite.latency_margin,
        seed=candidate.suite_id,
    )
    right_before, right_after = before.outcomes.right, after.outcomes.right
    return {
        **comparison.as_dict(),
        "newly_wrong": int((right_before & ~right_after).sum()),
        "newly_right": int((~right_before & right_after).sum()),
    }


def _load(run: Run, cases: list[int]) -> dict[int, CaseOutcome]:
    rows = run.outcomes.filter(case__in=cases).select_related("case")
    return {row.case_id: row for row in rows}


def title_of(verdict: str) -> str:
    return str(Verdict(verdict).label)
