"""Loops that choose rows by their scores, compiled like `kernels`: import this module where it is used."""

import numpy as np
from numpy.typing import NDArray

from apps.functions.search.kernels import Flags, Floats, Places, compiled

ANY = -2
"""Instead of the code of a language or a library: whichever it is."""


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
        # Written first and counted after: a branch that nothing foretells takes longer.
        found[count] = row
        count += (
            shown[row]
            & ((language == ANY) | (languages[row] == language))
            & ((library == ANY) | (libraries[row] == library))
            & ((len(least) == 0) or (least[row] > 0))
        )
    return found[:count]


@compiled
def choose_rows(score: Floats, allowed: Places, popularity: Floats, ids: NDArray[np.int64], limit: int) -> Places:
    """The `limit` allowed rows with the highest scores, best first; equals by popularity, then by the lower id."""
    return _sort_best(choose_set(score, allowed, popularity, ids, limit), limit, score, popularity, ids)


@compiled
def choose_set(score: Floats, allowed: Places, popularity: Floats, ids: NDArray[np.int64], limit: int) -> Places:
    """The same rows in the order of `allowed`.

    Scores are sorted into so many steps between the least and the greatest that few rows share the step in which the
    last places are: only those are compared with each other.
    """
    if len(allowed) <= limit or limit <= 0:
        return allowed[: max(limit, 0)].copy()
    low, high = score[allowed[0]], score[allowed[0]]
    for row in allowed:
        low, high = min(low, score[row]), max(high, score[row])
    steps = np.empty(len(allowed), dtype=np.uint16)
    sizes = np.zeros(2048, dtype=np.int64)
    scale = np.float32(2047) / (high - low) if high > low else np.float32(0)
    for place in range(len(allowed)):
        step = np.uint16(min((score[allowed[place]] - low) * scale, np.float32(2047)))
        steps[place] = step
        sizes[step] += 1
    last, left = len(sizes) - 1, limit
    while sizes[last] < left:
        left -= sizes[last]
        last -= 1
    undecided = _sort_best(allowed[steps == last], left, score, popularity, ids)
    chosen = np.empty(limit, dtype=np.int64)
    count = 0
    for place in range(len(allowed)):
        row = allowed[place]
        if steps[place] > last or (steps[place] == last and not _is_better(undecided[-1], row, score, popularity, ids)):
            chosen[count] = row
            count += 1
    return chosen


@compiled
def _sort_best(rows: Places, limit: int, score: Floats, popularity: Floats, ids: NDArray[np.int64]) -> Places:
    """The best of some rows, best first."""
    count = min(limit, len(rows))
    # A heap with the worst of the chosen on top.
    heap = np.empty(count, dtype=np.int64)
    size = 0
    for row in rows:
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
