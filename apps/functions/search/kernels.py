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

ANY = -2
"""Instead of the code of a language or a library: whichever it is."""

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
        after = first
        while after < len(lists) and lists[after, OWNER] == lists[first, OWNER]:
            for at in range(lists[after, START], lists[after, END]):
                impact = impacts[at]
                if lists[after, KIND] == ALIKE:
                    impact = min(impact, weights[lists[after, OWNER]]) * synonym_weight
                best[rows[at]] = max(best[rows[at]], impact)
            after += 1
        for each in range(first, after):
            for at in range(lists[each, START], lists[each, END]):
                total[rows[at]] += best[rows[at]]
                best[rows[at]] = 0
        first = after
    return total


@compiled
def list_shown(
    shown: Flags,
    languages: NDArray[np.int16],
    language: int,
    libraries: NDArray[np.int32],
    library: int,
    least: Floats,
) -> Places:
    """The rows that are shown, in this language and library, and above 0 in `least` where that has any number."""
    found = np.empty(len(shown), dtype=np.int64)
    count = 0
    for row in range(len(shown)):
        if (
            shown[row]
            and (language == ANY or languages[row] == language)
            and (library == ANY or libraries[row] == library)
            and (len(least) == 0 or least[row] > 0)
        ):
            found[count] = row
            count += 1
    return found[:count]


@compiled
def choose_rows(score: Floats, allowed: Places, popularity: Floats, ids: NDArray[np.int64], limit: int) -> Places:
    """The `limit` allowed rows with the highest scores, best first; equals by popularity, then by the lower id."""
    count = min(limit, len(allowed))
    # A heap with the worst of the chosen on top.
    heap = np.empty(count, dtype=np.int64)
    size = 0
    for row in allowed:
        if size < count:
            _rise(heap, size, row, score, popularity, ids)
            size += 1
        elif count and _is_better(row, heap[0], score, popularity, ids):
            _sink(heap, size, row, score, popularity, ids)
    for last in range(count - 1, 0, -1):
        worst, moved = heap[0], heap[last]
        _sink(heap, last, moved, score, popularity, ids)
        heap[last] = worst
    return heap


@compiled
def _rise(heap: Places, size: int, row: int, score: Floats, popularity: Floats, ids: NDArray[np.int64]) -> None:
    """Put a row at the end of a heap of `size`, and up to where it belongs."""
    place = size
    while place > 0 and _is_better(heap[(place - 1) // 2], row, score, popularity, ids):
        heap[place] = heap[(place - 1) // 2]
        place = (place - 1) // 2
    heap[place] = row


@compiled
def _sink(heap: Places, size: int, row: int, score: Floats, popularity: Floats, ids: NDArray[np.int64]) -> None:
    """Put a row in the place of the top of a heap of `size`, and down to where it belongs."""
    place = 0
    while 2 * place + 1 < size:
        child = 2 * place + 1
        if child + 1 < size and _is_better(heap[child], heap[child + 1], score, popularity, ids):
            child += 1
        if _is_better(heap[child], row, score, popularity, ids):
            break
        heap[place] = heap[child]
        place = child
    heap[place] = row


@compiled
def _is_better(one: int, other: int, score: Floats, popularity: Floats, ids: NDArray[np.int64]) -> bool:
    if score[one] != score[other]:
        return bool(score[one] > score[other])
    if popularity[one] != popularity[other]:
        return bool(popularity[one] > popularity[other])
    return bool(ids[one] < ids[other])


@compiled
def match_fields(
    candidates: Places, rows: NDArray[np.int32], fields: Bits, lists: NDArray[np.int64], owners: int
) -> tuple[Bits, Bits]:
    """The bits of the fields in which each of c candidates has each owner of the lists, and another word for it.

    Both have the shape (owners, c).
    """
    own = np.zeros((owners, len(candidates)), dtype=np.uint8)
    alike = np.zeros((owners, len(candidates)), dtype=np.uint8)
    for each in range(len(lists)):
        found = alike if lists[each, KIND] == ALIKE else own
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
    """The features of c candidates in the order of `reranking.FEATURES`, shape (c, features); `shares` as above."""
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
