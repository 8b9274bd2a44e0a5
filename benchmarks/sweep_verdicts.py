"""How often the verdict on two runs is right: of the same system twice, and of one that really got worse.

Each simulated case has a probability of being answered rightly, drawn from a beta distribution, so that two runs of the
very same system differ by chance. A drop lowers every probability by the same share, to be so many points on average.
"""

import argparse
import json
import time
from collections import Counter
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from apps.evaluations.metrics import wilson_interval
from apps.evaluations.statistics import PairedColumns, Verdict, compare_pairs

ACCURACY = 0.8
SPREAD = 1.5
"""The sum of the parameters of the beta distribution: small, as most cases are nearly always right or wrong."""
MARGIN = 0.01
DROP = 0.02
DIMENSIONS = {"language": 7, "tag": 12, "made_by": 8, "tier": 3}
"""30 slices; each case has one value of each dimension, and the first ones are the most frequent."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of many comparisons; `worse` is a share, with its 95 % interval."""

    name: str
    comparisons: int
    cases: int
    verdicts: dict[str, int]
    worse: float
    interval: tuple[float, float]
    goal: str
    met: bool
    discordant: float
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comparisons", type=int, default=200)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = [
        simulate("same system twice", 0.0, options.comparisons, options.cases, options.seed),
        simulate(f"{DROP * 100:.0f} points worse", DROP, options.comparisons, options.cases, options.seed),
    ]
    if options.json:
        print(json.dumps([asdict(one) for one in found]))
    else:
        show(found)


def simulate(name: str, drop: float, comparisons: int, cases: int, seed: int) -> Outcome:
    random = np.random.default_rng(seed)
    verdicts: Counter[str] = Counter()
    discordant, seconds = 0, 0.0
    for number in range(comparisons):
        before, after = draw_runs(random, cases, drop)
        slices = draw_slices(random, cases)
        started = time.perf_counter()
        comparison = compare_pairs(
            PairedColumns({"accuracy": (before, after)}), primary="accuracy", margin=MARGIN, slices=slices, seed=number
        )
        seconds += time.perf_counter() - started
        verdicts[comparison.verdict.value] += 1
        discordant += int((before != after).sum())
    worse = verdicts[Verdict.WORSE.value]
    return Outcome(
        name=name,
        comparisons=comparisons,
        cases=cases,
        verdicts={verdict.value: verdicts[verdict.value] for verdict in Verdict},
        worse=worse / comparisons,
        interval=wilson_interval(worse, comparisons),
        goal="at least 95 %" if drop else "at most 5 %",
        met=worse / comparisons >= 0.95 if drop else worse / comparisons <= 0.05,
        discordant=discordant / comparisons / cases,
        seconds=seconds / comparisons,
    )


def draw_runs(random: np.random.Generator, cases: int, drop: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Right and wrong answers of two runs, both (cases,)."""
    likely = random.beta(ACCURACY * SPREAD, (1 - ACCURACY) * SPREAD, cases)
    return random.random(cases) < likely, random.random(cases) < likely * (1 - drop / ACCURACY)


def draw_slices(random: np.random.Generator, cases: int) -> dict[tuple[str, str], NDArray[np.bool_]]:
    slices = {}
    for dimension, count in DIMENSIONS.items():
        weights = 1 / np.arange(1, count + 1)
        value = random.choice(count, cases, p=weights / weights.sum())
        slices |= {(dimension, str(number)): value == number for number in range(count)}
    return slices


def show(found: list[Outcome]) -> None:
    first = found[0]
    print(
        f"{first.comparisons} comparisons each of {first.cases:,} cases, about {ACCURACY * 100:.0f} % right, over "
        f"{sum(DIMENSIONS.values())} slices; margin {MARGIN * 100:.0f} point"
    )
    titles = ("", *(verdict.value.replace("_", " ") for verdict in Verdict), "worse (95 % interval)", "goal", "")
    rows = [titles] + [
        (
            one.name,
            *(str(one.verdicts[verdict.value]) for verdict in Verdict),
            f"{one.worse * 100:.1f} % ({one.interval[0] * 100:.1f} to {one.interval[1] * 100:.1f})",
            one.goal,
            "met" if one.met else "missed",
        )
        for one in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(titles))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for one in found:
        print(f"{one.name}: {one.discordant * 100:.1f} % of pairs differ; {one.seconds * 1000:.0f} ms a comparison")


if __name__ == "__main__":
    main()
