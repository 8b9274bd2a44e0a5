"""What so many pairs can show, and how many are needed."""

import math
from dataclasses import dataclass

from scipy import optimize, special

from apps.evaluations.statistics.clusters import Clusters
from apps.evaluations.statistics.verdict import Rules

MOST_PAIRS = 10_000_000
"""A difference that more pairs than these would be needed for is said to be out of reach."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What hides a difference: over `pairs` the variance of the mean difference when nothing changed, times the pairs,
    was `seen`, and may well be `spread`; `design` is 1 for independent cases and above 1 for groups.

    For right and wrong answers of independent cases, what is seen is the share of discordant pairs, and spread is above
    it only where so few pairs cannot rule that out.
    """

    pairs: int
    seen: float
    spread: float
    design: float


def measure_noise(clusters: Clusters, confidence: float) -> Noise:
    """Differences are of values from 0 to 1."""
    seen = float((clusters.sums**2).sum() / clusters.sizes.sum())
    unseen = clusters.design * bound_unseen(clusters.pairs / clusters.design, confidence)
    return Noise(clusters.pairs, seen, max(seen, unseen), clusters.design)


def bound_unseen(cases: float, confidence: float) -> float:
    """The largest share of cases that may well differ when none of so many does: about 3 / cases at 95 %.

    Hanley and Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?" (1983), the rule of three, in its exact
    form.
    """
    return float(1 - (1 - confidence) ** (1 / cases))


def pairs_to_see(difference: float, noise: Noise, *, alpha: float, power: float) -> float:
    """How many pairs show a true difference, above 0, with this power at this two-sided significance.

    Connor, "Sample size for testing differences in proportions for the paired-sample design" (1987), with the variance
    of groups where there are any; never fewer than the exact test needs when all that changed changed one way.
    """
    # A difference needs at least as many cases that differ.
    spread = max(noise.spread, noise.design * difference)
    usual = special.ndtri(1 - alpha / 2) * math.sqrt(spread)
    shifted = special.ndtri(power) * math.sqrt(spread - noise.design * difference**2)
    exact = noise.design * math.log2(2 / alpha) / difference
    return float(max((usual + shifted) ** 2 / difference**2, exact))


def smallest_visible(noise: Noise, *, alpha: float, power: float) -> float | None:
    """The smallest true difference that so many pairs show with this power; None when not even one of 1."""
    if pairs_to_see(1.0, noise, alpha=alpha, power=power) > noise.pairs:
        return None
    found = optimize.brentq(
        lambda given: pairs_to_see(given, noise, alpha=alpha, power=power) - noise.pairs, 1e-9, 1.0, xtol=1e-12
    )
    return float(found)


def pairs_to_exclude(difference: float, margin: float, noise: Noise, *, confidence: float) -> float:
    """How many pairs put the whole interval inside the margin when a difference inside it, and noise, stay as seen."""
    reach = special.ndtri((1 + confidence) / 2)
    spread = max(0.0, noise.seen - noise.design * difference**2)
    unseen = noise.design * math.log(1 - confidence) / math.log(1 - margin)
    return float(max(reach**2 * spread / (margin - abs(difference)) ** 2, unseen))


@dataclass(frozen=True, slots=True)
class Reach:
    """`smallest_visible` is the smallest true difference that the pairs show, `cases_needed` how many show one of the
    margin, `cases_to_settle` how many give a verdict when the difference stays as seen. None where nothing does it.
    """

    smallest_visible: float | None
    cases_needed: int | None
    cases_to_settle: int | None


def find_reach(clusters: Clusters, rules: Rules, tests: int) -> Reach:
    """With the significance that the total must meet at the worst: among several tests it has half of what there is."""
    noise, seen = measure_noise(clusters, rules.confidence), abs(clusters.mean)
    alpha = rules.alpha / 2 if tests > 1 else rules.alpha
    if seen < rules.margin:
        settle = pairs_to_exclude(seen, rules.margin, noise, confidence=rules.confidence)
    else:
        settle = pairs_to_see(seen, noise, alpha=alpha, power=rules.power)
    return Reach(
        smallest_visible(noise, alpha=alpha, power=rules.power),
        round_pairs(pairs_to_see(rules.margin, noise, alpha=alpha, power=rules.power)),
        round_pairs(settle),
    )


def round_pairs(needed: float) -> int | None:
    return math.ceil(needed) if needed <= MOST_PAIRS else None
