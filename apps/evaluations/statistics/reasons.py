"""A verdict's reasons, in plain words."""

from collections.abc import Sequence

from apps.evaluations.statistics.comparison import SliceDifference
from apps.evaluations.statistics.differences import Difference
from apps.evaluations.statistics.findings import LATENCY, SLOWER, TOTAL, Findings
from apps.evaluations.statistics.verdict import Moved, Rules, Verdict

MOST_SLICES = 5
"""So many slices are named in sentences of their own; the table has them all."""


def explain_verdict(
    primary: str,
    findings: Findings,
    slices: Sequence[SliceDifference],
    verdict: Verdict,
    smallest_visible: float | None,
    cases_more: int | None,
    rules: Rules,
) -> list[str]:
    """What decided first, then what else moved."""
    name, total = primary.replace("_", " "), findings.total.primary
    tests, moved = len(findings.adjusted), findings.moved[TOTAL]
    reasons = []
    if moved in (Moved.WORSE, Moved.BETTER):
        reasons.append(explain_move(name, total, findings.adjusted[TOTAL], tests, rules))
    if findings.slower:
        reasons.append(explain_slower(findings.measures[LATENCY], findings.adjusted[SLOWER]))
    for move in (Moved.WORSE, Moved.BETTER):
        reasons += explain_slices(name, [one for one in slices if one.moved is move], tests, rules)
    if moved is Moved.NO:
        reasons.append(explain_no_difference(name, findings, rules))
    if verdict is Verdict.NOT_ENOUGH_CASES:
        pairs = findings.total.clusters.pairs
        reasons += explain_undecided(name, total, pairs, smallest_visible, cases_more, rules)
    return reasons


def explain_slices(name: str, slices: Sequence[SliceDifference], tests: int, rules: Rules) -> list[str]:
    """A sentence for each of those that moved furthest."""
    furthest = sorted(slices, key=lambda one: -abs(one.primary.difference))[:MOST_SLICES]
    sentences = [
        explain_move(
            f"{one.dimension.replace('_', ' ')} {one.value}: {name}", one.primary, one.p_adjusted, tests, rules
        )
        for one in furthest
    ]
    if len(slices) > MOST_SLICES:
        sentences.append(f"so did {name} in {len(slices) - MOST_SLICES} more slices")
    return sentences


def explain_move(subject: str, difference: Difference, p_adjusted: float, tests: int, rules: Rules) -> str:
    verb = "fell" if difference.difference < 0 else "rose"
    correction = f" after Holm's correction over {tests} tests" if tests > 1 else ""
    return (
        f"{subject} {verb} by {show_points(abs(difference.difference))}, {show_change(difference)}: at least the "
        f"margin of {show_points(rules.margin)}, and not by chance ({show_p(p_adjusted)}{correction})"
    )


def explain_slower(latency: Difference, p_adjusted: float) -> str:
    return (
        f"cases take {(latency.relative or 0) * 100:.0f} % longer, {latency.after:.3g} ms instead of "
        f"{latency.before:.3g} ms on average, and not by chance ({show_p(p_adjusted)})"
    )


def explain_no_difference(name: str, findings: Findings, rules: Rules) -> str:
    total = findings.total.primary
    if total.low == total.high == 0:
        return (
            f"no pair of {findings.total.clusters.pairs:,} differs in {name}, which rules out a difference above "
            f"{show_points(findings.total.unseen)}; the margin is {show_points(rules.margin)}"
        )
    return (
        f"{name} went {show_change(total)}: whatever the difference is, it is less than the margin of "
        f"{show_points(rules.margin)}"
    )


def explain_undecided(
    name: str, total: Difference, pairs: int, smallest_visible: float | None, cases_more: int | None, rules: Rules
) -> list[str]:
    """Why the pairs do not decide, what they could have shown, and how many more would decide."""
    pairs_shown = f"{pairs:,} pair{'' if pairs == 1 else 's'}"
    visible = (
        f"the smallest difference that {pairs_shown} would show is {show_points(smallest_visible)}"
        if smallest_visible is not None
        else f"{pairs_shown} would not even show a change of every case"
    )
    settled = f"about {cases_more:,} more cases" if cases_more is not None else "no reachable number of cases"
    return [
        f"{name} went {show_change(total)}: a difference of the margin, {show_points(rules.margin)}, is neither shown "
        "nor ruled out",
        visible,
        f"{settled} would settle it, if the difference stays as it is",
    ]


def show_change(difference: Difference) -> str:
    return (
        f"from {difference.before * 100:.1f} % to {difference.after * 100:.1f} % (a difference of "
        f"{difference.low * 100:+.2f} to {difference.high * 100:+.2f} points)"
    )


def show_points(share: float) -> str:
    """Percentage points."""
    number = f"{share * 100:.2g}" if share < 0.1 else f"{share * 100:.0f}"
    return f"{number} point" if number == "1" else f"{number} points"


def show_p(p_value: float) -> str:
    return "p < 0.0001" if p_value < 0.0001 else f"p = {p_value:.2g}"
