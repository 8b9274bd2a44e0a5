"""Loops over postings and candidates, compiled by numba: what NumPy would do in very many small steps.

Compiled when first called in a version of this file and kept beside it; import this module where it is used, since
numba takes a second to load. No kernel reads anything but its arguments: values from other files would be compiled in,
and a change of them would go unnoticed. Sums are taken in a fixed order in float32, so that equal functions score
equally. `lists`, shape (l, 4), int64, are the postings that a query touches, with the columns below.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from apps.inference.compiling import compile_loops

START, END, OWNER, KIND = 0, 1, 2, 3
"""Columns of `lists`: from where to where in the postings, the number of the term or run, one of the following."""

OWN, ALIKE = 0, 1
"""The postings of a term or run itself, or of a word that means the same."""

SHORT = 32
"""So many postings a candidate are read through in the time in which one is looked for."""

Floats = NDArray[np.float32]
Bits = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    return compile_loops(function)


def compiled_for_sums(function: F) -> F:
    """The same for sums that may be taken in any order, as long as it is the same every time: several at once."""
    return compile_loops(function, fastmath={"reassoc", "contract", "nsz"})


@compiled_for_sums
def measure_rows(rows: NDArray[np.number], vector: Floats) -> Floats:
    """The product of every row, shape (n, d), with a vector, shape (d,); at least 0 and at most 1."""
    products = np.empty(len(rows), dtype=np.float32)
    for row in range(len(rows)):
        products[row] = _measure(rows, row, vector)
    return products


@compiled_for_sums
def measure_some(rows: Floats, chosen: Places, vector: Floats) -> Floats:
    """The same of the rows that are chosen."""
    products = np.empty(len(chosen), dtype=np.float32)
    for number in range(len(chosen)):
        products[number] = _measure(rows, chosen[number], vector)
    return products


@compiled_for_sums
def _measure(rows: NDArray[np.number], row: int, vector: Floats) -> np.float32:
    total = np.float32(0)
    for place in range(len(vector)):
        total += np.float32(rows[row, place]) * vector[place]
    return min(max(total, np.float32(0)), np.float32(1))


@compiled
def score_words(
    count: int,
    rows: NDArray[np.int32],
    impacts: Floats,
    lists: NDArray[np.int64],
    weights: Floats,
    synonym_weight: np.float32,
    possible: np.float32,
) -> Floats:
    """The same as `sum_impacts`, as parts of what is possible, which is 0 without any term only."""
    total = sum_impacts(count, rows, impacts, lists, weights, synonym_weight)
    if possible > 0:
        for row in range(count):
            total[row] = _bound(total[row] / possible)
    return total


@compiled
def sum_impacts(
    count: int,
    rows: NDArray[np.int32],
    impacts: Floats,
    lists: NDArray[np.int64],
    weights: Floats,
    synonym_weight: np.float32,
) -> Floats:
    """The BM25 scores of `count` rows. A synonym stands in for a term that is missing, for part of its weight.

    `weights`, shape (terms,), are the most that each term can add; the lists of a term follow each other.
    """
    total = np.zeros(count, dtype=np.float32)
    best = np.zeros(count, dtype=np.float32)
    first = 0
    while first < len(lists):
        after = first + 1
        while after < len(lists) and lists[after, OWNER] == lists[first, OWNER]:
            after += 1
        if after == first + 1 and lists[first, KIND] == OWN:
            for at in range(lists[first, START], lists[first, END]):
                total[rows[at]] += impacts[at]
        else:
            weight = weights[lists[first, OWNER]]
            _add_best(total, best, rows, impacts, lists[first:after], weight, synonym_weight)
        first = after
    return total


@compiled
def _add_best(
    total: Floats,
    best: Floats,
    rows: NDArray[np.int32],
    impacts: Floats,
    lists: NDArray[np.int64],
    weight: np.float32,
    synonym_weight: np.float32,
) -> None:
    """Add the best that each row has in the lists of one term; `best` is all zeros before and after."""
    for each in range(len(lists)):
        for at in range(lists[each, START], lists[each, END]):
            impact = impacts[at]
            if lists[each, KIND] == ALIKE:
                impact = min(impact, weight) * synonym_weight
            best[rows[at]] = max(best[rows[at]], impact)
    for each in range(len(lists)):
        for at in range(lists[each, START], lists[each, END]):
            total[rows[at]] += best[rows[at]]
            best[rows[at]] = 0


@compiled
def fuse(
    semantic: Floats, lexical: Floats, crowding: Floats, by_meaning: np.float32, by_words: np.float32, apart: np.float32
) -> Floats:
    """See `fusion.fuse_scores`; the last three are the parts that each counts for, 1 together."""
    score = np.empty(len(semantic), dtype=np.float32)
    for row in range(len(semantic)):
        total = _bound(semantic[row]) * by_meaning
        total += _bound(lexical[row]) * by_words
        total += (np.float32(1) - _bound(crowding[row])) * apart
        score[row] = _bound(total)
    return score


@compiled
def _bound(value: np.float32) -> np.float32:
    """From 0 to 1."""
    return min(max(value, np.float32(0)), np.float32(1))


@compiled
def match_fields(
    candidates: Places, rows: NDArray[np.int32], fields: Bits, lists: NDArray[np.int64], owners: int
) -> tuple[Bits, Bits]:
    """The bits of the fields in which each of c candidates has each owner of the lists, and another word for it.

    Both have the shape (owners, c). A short list is read through, in a long one each candidate is looked for.
    """
    own = np.zeros((owners, len(candidates)), dtype=np.uint8)
    alike = np.zeros((owners, len(candidates)), dtype=np.uint8)
    numbers = np.full(candidates.max() + 1 if len(candidates) else 0, -1, dtype=np.int32)
    for number in range(len(candidates)):
        numbers[candidates[number]] = number
    for each in range(len(lists)):
        found = alike if lists[each, KIND] == ALIKE else own
        if lists[each, END] - lists[each, START] <= SHORT * len(candidates):
            for at in range(lists[each, START], lists[each, END]):
                number = numbers[rows[at]] if rows[at] < len(numbers) else -1
                if number >= 0:
                    found[lists[each, OWNER], number] |= fields[at]
            continue
        for number in range(len(candidates)):
            low, high = lists[each, START], lists[each, END]
            row = candidates[number]
            while low < high:
                middle = (low + high) // 2
                if rows[middle] < row:
                    low = middle + 1
                else:
                    high = middle
            if low < lists[each, END] and rows[low] == row:
                found[lists[each, OWNER], number] |= fields[low]
    return own, alike


@compiled
def measure_features(
    weights: Floats,
    own: Bits,
    alike: Bits,
    runs: Bits,
    covers: Flags,
    lengths: Floats,
    fused: Floats,
    hinted: Flags,
    curated: Flags,
    telling: np.uint8,
    typing: np.uint8,
    nearly_all: np.float32,
) -> Floats:
    """The features of c candidates in the order of `reranking.FEATURES`, shape (c, features); see the next three."""
    shares = tell_shares(weights, own, alike, runs, covers, telling, typing)
    return make_features(fused, shares, find_longest(runs, lengths), hinted, curated, nearly_all)


@compiled
def tell_shares(
    weights: Floats,
    own: Bits,
    alike: Bits,
    runs: Bits,
    covers: Flags,
    telling: np.uint8,
    typing: np.uint8,
) -> Floats:
    """The parts of a query that each of c candidates tells itself, tells in other words, has in its code, is typed as.

    Shape (4, c). `weights` (t,) are the terms' parts of the query, `own` and `alike` (t, c) and `runs` (r, c) the bits
    of fields, `covers` (r, t) says of which terms a run is made; `telling` and `typing` are bits of fields.
    """
    shares = np.zeros((4, own.shape[1]), dtype=np.float32)
    for number in range(own.shape[1]):
        for term in range(len(weights)):
            itself = own[term, number]
            for run in range(len(covers)):
                if covers[run, term]:
                    itself |= runs[run, number]
            anywhere = itself | alike[term, number]
            if itself & telling:
                shares[0, number] += weights[term]
            elif anywhere & telling:
                shares[1, number] += weights[term]
            elif anywhere:
                shares[2, number] += weights[term]
            if anywhere & typing:
                shares[3, number] += weights[term]
    return shares


@compiled
def find_longest(runs: Bits, lengths: Floats) -> Floats:
    """The greatest of the `lengths` (r,) of the runs that each of c candidates has in a field, `runs` (r, c); or 0."""
    longest = np.zeros(runs.shape[1], dtype=np.float32)
    for run in range(len(runs)):
        for number in range(runs.shape[1]):
            if runs[run, number]:
                longest[number] = max(longest[number], lengths[run])
    return longest


@compiled
def make_features(
    fused: Floats, shares: Floats, longest: Floats, hinted: Flags, curated: Flags, nearly_all: np.float32
) -> Floats:
    """All features, out of what the two before this one tell."""
    features = np.empty((len(fused), 9), dtype=np.float32)
    for number in range(len(fused)):
        told, alike, coded, typed = shares[0, number], shares[1, number], shares[2, number], shares[3, number]
        features[number, 0] = fused[number]
        features[number, 1] = told
        features[number, 2] = alike
        features[number, 3] = told + alike >= nearly_all
        features[number, 4] = coded
        features[number, 5] = typed
        features[number, 6] = longest[number]
        features[number, 7] = hinted[number]
        features[number, 8] = curated[number]
    return features


@compiled
def score_features(features: Floats, curated: Floats, plain: Floats, most: np.float32) -> Floats:
    """The sum of each candidate's features by the coefficients of its kind, as a part of the most there can be."""
    score = np.empty(len(features), dtype=np.float32)
    for number in range(len(features)):
        coefficients = curated if features[number, 8] > 0 else plain
        total = np.float32(0)
        for feature in range(len(coefficients)):
            total += features[number, feature] * coefficients[feature]
        score[number] = min(max(total / most, np.float32(0)), np.float32(1))
    return score
