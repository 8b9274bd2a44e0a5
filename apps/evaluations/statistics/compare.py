"""Compares two runs pair by pair, in total and by slice, and gives the verdict."""

from typing import Any

from apps.evaluations.statistics.comparison import Comparison, SliceDifference
from apps.evaluations.statistics.effect import cohens_g, count_discordant, odds_ratio
from apps.evaluations.statistics.findings import LATENCY, TOTAL, Findings, find_differences, key_part
from apps.evaluations.statistics.pairs import PairedColumns, Slices, check_pairs
from apps.evaluations.statistics.power import find_reach
from apps.evaluations.statistics.reasons import explain_verdict
from apps.evaluations.statistics.verdict import Rules, Verdict, decide_verdict

LEAST_PAIRS = 10
"""A slice of fewer pairs is not looked at: it could show nothing, and would make all others harder to show."""


def compare_pairs(
    columns: PairedColumns,
    *,
    primary: str,
    margin: float,
    slices: Slices,
    confidence: float = 0.95,
    power: float = 0.8,
    seed: int = 0,
    latency_margin: float | None = None,
) -> Comparison:
    """The comparison of `after` with `before`, the same for the same seed.

    `primary` is a measure from 0 to 1 that is better when higher; `margin` the difference of it that matters, between
    0 and 1; `latency_margin` the share by which the mean of `latency_ms` may grow (0.2 is 20 % slower), None for any.
    Worse is what is at least the margin, and significant at 1 - `confidence` after Holm's correction over the total,
    which weighs as much as all slices together, and the slices. Raises ValueError for columns that do not fit together,
    and for margins that are none.
    """
    rules = Rules(margin, confidence, power, latency_margin)
    check_pairs(columns, primary, slices)
    if latency_margin is not None and LATENCY not in columns.measures:
        raise ValueError(f"latency_margin needs {LATENCY}")
    looked_at = {name: mask for name, mask in slices.items() if mask.sum() >= LEAST_PAIRS}
    findings = find_differences(columns, primary, looked_at, rules, seed)
    return summarise(columns, primary, findings, show_slices(looked_at, findings), len(slices) - len(looked_at), rules)


def show_slices(slices: Slices, findings: Findings) -> list[SliceDifference]:
    shown = []
    for (dimension, value), mask in slices.items():
        key = key_part(mask)
        part, moved = findings.parts[key], findings.moved[key]
        shown.append(
            SliceDifference(dimension, value, part.clusters.pairs, part.primary, findings.adjusted[key], moved)
        )
    return shown


def summarise(
    columns: PairedColumns,
    primary: str,
    findings: Findings,
    slices: list[SliceDifference],
    small_slices: int,
    rules: Rules,
) -> Comparison:
    verdict = decide_verdict(findings.moved[TOTAL], findings.moved.values(), slower=findings.slower)
    reach = find_reach(findings.total.clusters, rules, len(findings.adjusted))
    more = None
    if reach.cases_to_settle is not None:
        # The tests that decide are exact and the reach is approximate: undecided means that some more are needed.
        more = max(1, reach.cases_to_settle - columns.pairs) if verdict is Verdict.NOT_ENOUGH_CASES else 0
    return Comparison(
        primary=primary,
        pairs=columns.pairs,
        **describe_discordant(columns, primary, findings.total.primary.method),
        measures=findings.measures,
        slices=slices,
        small_slices=small_slices,
        tests=len(findings.adjusted),
        p_adjusted=findings.adjusted[TOTAL],
        rules=rules,
        verdict=verdict,
        reasons=explain_verdict(primary, findings, slices, verdict, reach.smallest_visible, more, rules),
        smallest_visible=reach.smallest_visible,
        cases_needed=reach.cases_needed,
        cases_more=more,
    )


def describe_discordant(columns: PairedColumns, primary: str, method: str) -> dict[str, Any]:
    if method == "sign_flip":
        return dict.fromkeys(("newly_right", "newly_wrong", "cohens_g", "odds_ratio"))
    newly_right, newly_wrong = count_discordant(*columns.read(primary))
    return {
        "newly_right": newly_right,
        "newly_wrong": newly_wrong,
        "cohens_g": cohens_g(newly_right, newly_wrong),
        "odds_ratio": odds_ratio(newly_right, newly_wrong),
    }
