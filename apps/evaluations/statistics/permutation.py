"""Whether scores or latencies changed by more than chance."""

import numpy as np

from apps.evaluations.statistics.clusters import Floats

EXACT_UP_TO = 13
"""Up to so many groups that changed, all their signs are tried."""
FLIPS = 9_999
TABLES_AT_ONCE = 100
"""Bounds the memory: of each table, 256 sums of eight groups, FLIPS are looked up at once."""
SIGNS = (2.0 * np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1) - 1.0).T
"""The eight signs that each byte stands for, (8, 256)."""


def sign_flip_test(sums: Floats, seed: int) -> float:
    """Two-sided p-value of the summed difference when each group's sign is a coin toss; `sums` is (groups,).

    Groups that did not change take no part, and a single one shows nothing. Up to EXACT_UP_TO groups every combination
    of signs is tried; above, FLIPS random ones, and the one that was seen counts as one of them, so that the p-value is
    never 0 (Phipson and Smyth, "Permutation P-values should never be zero", 2010).
    """
    changed = sums[sums != 0]
    if len(changed) < 2:
        return 1.0
    # Sums of the same numbers differ in their last digits by the order in which they are added.
    seen = abs(float(changed.sum())) - 1e-12 * float(np.abs(changed).sum())
    if len(changed) <= EXACT_UP_TO:
        return float((np.abs(try_all_signs(changed)) >= seen).mean())
    as_extreme = int((np.abs(flip_signs(changed, np.random.default_rng(seed))) >= seen).sum())
    return (as_extreme + 1) / (FLIPS + 1)


def try_all_signs(sums: Floats) -> Floats:
    """Totals of `sums` under every choice of signs, (2 ** groups,)."""
    bits = np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums)) & 1
    totals: Floats = (2.0 * bits - 1.0) @ sums
    return totals


def flip_signs(sums: Floats, random: np.random.Generator) -> Floats:
    """Totals of `sums` under FLIPS random choices of signs, (FLIPS,).

    A random byte draws the signs of eight groups at once, and what they add up to is looked up: in tables so small
    that they stay in the processor's cache.
    """
    padded = np.zeros(-(-len(sums) // 8) * 8)
    padded[: len(sums)] = sums
    tables = padded.reshape(-1, 8) @ SIGNS
    totals = np.zeros(FLIPS)
    for start in range(0, len(tables), TABLES_AT_ONCE):
        some = tables[start : start + TABLES_AT_ONCE]
        places = random.integers(0, 256, (FLIPS, len(some)), dtype=np.uint8) + 256 * np.arange(len(some))
        totals += some.ravel().take(places).sum(axis=1)
    return totals
