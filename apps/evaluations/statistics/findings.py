"""All that is measured before a verdict: the primary measure in total and by slice, and the other measures."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.evaluations.statistics.clusters import Clusters, gather_clusters
from apps.evaluations.statistics.differences import Difference, compare_measure
from apps.evaluations.statistics.holm import adjust_holm
from apps.evaluations.statistics.pairs import PairedColumns, Slices
from apps.evaluations.statistics.power import bound_unseen
from apps.evaluations.statistics.verdict import Moved, Rules, is_slower, judge_move

LATENCY = "latency_ms"
TOTAL = b""
SLOWER = LATENCY.encode()


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The primary measure over some of the pairs; `unseen` is the share that may differ without any being seen."""

    clusters: Clusters
    primary: Difference
    unseen: float


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """`parts` are the total, under TOTAL, and the slices, by `key_part`; `adjusted` their p-values after Holm's
    correction, with that of latency under SLOWER where it has a margin; `moved` is what each part came to, `slower`
    whether latency grew by its margin.
    """

    parts: Mapping[bytes, Part]
    measures: dict[str, Difference]
    adjusted: Mapping[bytes, float]
    moved: Mapping[bytes, Moved]
    slower: bool

    @property
    def total(self) -> Part:
        return self.parts[TOTAL]


def key_part(mask: NDArray[np.bool_]) -> bytes:
    """Slices of the very same pairs are one question: it is asked, and corrected for, once."""
    return TOTAL if mask.all() else mask.tobytes()


def find_differences(columns: PairedColumns, primary: str, slices: Slices, rules: Rules, seed: int) -> Findings:
    parts = measure_parts(columns, primary, slices, rules.confidence, seed)
    measures = {
        name: parts[TOTAL].primary
        if name == primary
        else compare_measure(*columns.read(name), columns.groups, confidence=rules.confidence, seed=seed)
        for name in columns.measures
    }
    p_values = {key: part.primary.p_value for key, part in parts.items()}
    if rules.latency_margin is not None:
        p_values[SLOWER] = measures[LATENCY].p_value
    adjusted = correct_p_values(p_values)
    moved = {key: judge_move(part.primary, adjusted[key], part.unseen, rules) for key, part in parts.items()}
    slower = rules.latency_margin is not None and is_slower(measures[LATENCY], adjusted[SLOWER], rules)
    return Findings(parts, measures, adjusted, moved, slower)


def correct_p_values(p_values: Mapping[bytes, float]) -> dict[bytes, float]:
    """By Holm's correction, in which the total weighs as much as all other tests together.

    The total is what was asked, and the more slices are looked at, the less could equal weights see of it.
    """
    weights = [max(1, len(p_values) - 1) if key == TOTAL else 1 for key in p_values]
    return dict(zip(p_values, adjust_holm(list(p_values.values()), weights).tolist(), strict=True))


def measure_parts(
    columns: PairedColumns, primary: str, slices: Slices, confidence: float, seed: int
) -> dict[bytes, Part]:
    masks = {TOTAL: np.ones(columns.pairs, dtype=np.bool_)} | {key_part(mask): mask for mask in slices.values()}
    before, after = columns.read(primary)
    parts = {}
    for key, mask in masks.items():
        groups = None if columns.groups is None else columns.groups[mask]
        clusters = gather_clusters(after[mask] - before[mask], groups)
        difference = compare_measure(before[mask], after[mask], groups, confidence=confidence, seed=seed)
        parts[key] = Part(clusters, difference, bound_unseen(clusters.pairs / clusters.design, confidence))
    return parts
