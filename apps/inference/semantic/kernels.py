"""What `alignment` and the trees go through number by number, compiled by numba.

Compiled when first called in a version of this file and kept beside it; import it where it is used, since numba takes a
second to load. Uncompiled, the functions give the same numbers but for rounding. They read nothing but their arguments
and what stands here. Kinds of pieces are those of `vocabulary.Kind`.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from apps.inference.compiling import loose

if TYPE_CHECKING:
    from apps.inference.semantic.model import Trees
    from apps.inference.semantic.vocabulary import Pieces

FUNCTION, QUESTION, WORD = 1, 2, 3
NEITHER, ONLY_ONE = 1.5, -1.5
"""In place of a cosine: where neither question has such pieces, and where only one has."""
LACKING = -2.0
SIDES = 9
"""Numbers of `describe_side` of which both sides' are told, the lesser first."""

Floats = NDArray[np.float32]
Wide = NDArray[np.float64]
Places = NDArray[np.int64]


@loose
def multiply(one: Floats, two: Floats) -> np.float32:
    total = np.float32(0)
    for place in range(len(one)):
        total += one[place] * two[place]
    return total


@loose
def measure_cosine(one: Floats, two: Floats) -> float:
    """0 where one of them is nothing."""
    return multiply(one, two) / np.sqrt(multiply(one, one) * multiply(two, two) + np.float32(1e-9))


@loose
def compare_all(first: Floats, second: Floats) -> Floats:
    """Products of all pairs of rows."""
    alike = np.empty((len(first), len(second)), dtype=np.float32)
    for row in range(len(first)):
        for column in range(len(second)):
            alike[row, column] = multiply(first[row], second[column])
    return alike


@loose
def find_partners(alike: Floats) -> tuple[Places, Floats]:
    """Of each row the place of its highest number, the first of several, and that number."""
    places, best = np.zeros(len(alike), dtype=np.int64), np.empty(len(alike), dtype=np.float32)
    for row in range(len(alike)):
        for column in range(alike.shape[1]):
            if alike[row, column] > alike[row, places[row]]:
                places[row] = column
        best[row] = alike[row, places[row]]
    return places, best


@loose
def find_same(alike: Floats, own: "Pieces", other: "Pieces") -> Floats:
    """How alike each piece is to the very same one of the other; LACKING where it has none."""
    same = np.full(len(alike), np.float32(LACKING))
    for row in range(len(alike)):
        for column in range(alike.shape[1]):
            if own.numbers[row] == other.numbers[column]:
                same[row] = max(same[row], alike[row, column])
    return same


@loose
def describe_words(own: "Pieces", best: Floats, found: Wide) -> None:
    """The first six of a side's numbers: mean, least, widest and second gap, rarity of the least, sum of gaps."""
    rarities = aligned = 0.0
    found[1] = 1.0
    for place in range(1, len(best) - 1):
        if own.kinds[place] < WORD:
            continue
        rarity = own.rarities[place]
        gap = rarity * (1 - best[place])
        rarities += rarity
        aligned += rarity * best[place]
        found[5] += gap
        if best[place] < found[1]:
            found[1], found[4] = best[place], rarity
        if gap > found[2]:
            found[2], found[3] = gap, found[2]
        elif gap > found[3]:
            found[3] = gap
    found[0] = aligned / rarities if rarities > 0 else 1.0


@loose
def describe_small(own: "Pieces", best: Floats, found: Wide) -> None:
    """The next three: the mean of all, and mean and least of function and question words."""
    total = small = 0.0
    count = 0
    found[8] = 1.0
    for place in range(1, len(best) - 1):
        total += best[place]
        if own.kinds[place] == FUNCTION or own.kinds[place] == QUESTION:
            small += best[place]
            count += 1
            found[8] = min(found[8], best[place])
    found[6] = total / max(len(best) - 2, 1)
    found[7] = small / count if count else 1.0


@loose
def describe_same(own: "Pieces", best: Floats, same: Floats, found: Wide) -> None:
    """The last five. Of words that the other has: least, sum and its weight; of those it lacks: most and least."""
    found[9], found[12], found[13] = 1.0, -1.0, 1.0
    for place in range(1, len(best) - 1):
        if own.kinds[place] < WORD:
            continue
        if same[place] == np.float32(LACKING):
            found[12], found[13] = max(found[12], best[place]), min(found[13], best[place])
        else:
            found[9] = min(found[9], same[place])
            found[10] += own.rarities[place] * same[place]
            found[11] += own.rarities[place]


@loose
def describe_side(own: "Pieces", best: Floats, same: Floats) -> Wide:
    found = np.zeros(14)
    describe_words(own, best, found)
    describe_small(own, best, found)
    describe_same(own, best, same, found)
    return found


@loose
def join_sides(one: Wide, two: Wide, out: Floats) -> None:
    for place in range(SIDES):
        out[2 * place], out[2 * place + 1] = min(one[place], two[place]), max(one[place], two[place])
    weight = one[11] + two[11]
    out[18] = min(one[9], two[9])
    out[19] = (one[10] + two[10]) / weight if weight > 0 else 1.0
    out[20], out[21] = max(one[12], two[12]), min(one[13], two[13])


@loose
def add_words(own: "Pieces", vectors: Floats, weights: Floats) -> Floats:
    """The weighted sum of a text's words."""
    total = np.zeros(vectors.shape[1], dtype=np.float32)
    for place in range(len(vectors)):
        if own.kinds[place] == WORD:
            for axis in range(vectors.shape[1]):
                total[axis] += weights[place] * vectors[place, axis]
    return total


@loose
def compare_sums(one: Floats, two: Floats, least: float, none: float, out: Floats) -> None:
    """Their cosine and both lengths, the lesser first; lengths up to `least` are nothing."""
    own, other = np.sqrt(multiply(one, one)), np.sqrt(multiply(two, two))
    lesser, greater = min(own, other), max(own, other)
    out[0] = measure_cosine(one, two) if lesser > least else (none if greater <= least else ONLY_ONE)
    out[1], out[2] = lesser, greater


@loose
def compare_places(own: "Pieces", partners: Places, back: Places, found: Wide) -> None:
    """Adds pairs of words whose partners cross, all pairs, how far words moved, mutual ones, and all words."""
    for place in range(1, len(partners) - 1):
        if own.kinds[place] < WORD:
            continue
        found[2] += abs(place / len(partners) - partners[place] / len(back))
        found[3] += back[partners[place]] == place
        found[4] += 1
        for later in range(place + 1, len(partners) - 1):
            if own.kinds[later] == WORD:
                found[0] += partners[later] < partners[place]
                found[1] += 1


@loose
def add_small(own: "Pieces", vectors: Floats) -> Floats:
    """The sum of a text's function and question words."""
    total = np.zeros(vectors.shape[1], dtype=np.float32)
    for place in range(len(vectors)):
        if own.kinds[place] == FUNCTION or own.kinds[place] == QUESTION:
            for axis in range(vectors.shape[1]):
                total[axis] += vectors[place, axis]
    return total


@loose
def add_all(vectors: Floats) -> tuple[Floats, Floats]:
    """The sum of all rows and the highest number of each axis."""
    total, peaks = np.zeros(vectors.shape[1], dtype=np.float32), vectors[0].copy()
    for place in range(len(vectors)):
        for axis in range(vectors.shape[1]):
            total[axis] += vectors[place, axis]
            peaks[axis] = max(peaks[axis], vectors[place, axis])
    return total, peaks


@loose
def find_asking(own: "Pieces") -> int:
    """The place of the first question word, or -1."""
    for place in range(len(own.kinds)):
        if own.kinds[place] == QUESTION:
            return place
    return -1


@loose
def compare_whole(alike: Floats, one: "Pieces", two: "Pieces", first: Floats, second: Floats, out: Floats) -> None:
    """Both ends, the last piece and all of the two texts."""
    rows, columns = alike.shape
    out[0], out[1], out[2] = alike[0, 0], alike[rows - 1, columns - 1], alike[rows - 2, columns - 2]
    (own, own_peaks), (other, other_peaks) = add_all(first), add_all(second)
    out[3] = measure_cosine(own, other)
    out[4] = measure_cosine(add_words(one, first, one.rarities), add_words(two, second, two.rarities))
    out[5] = measure_cosine(add_small(one, first), add_small(two, second))
    out[6] = alike[1, 1]
    out[7] = measure_cosine(own_peaks, other_peaks)
    asking, asked = find_asking(one), find_asking(two)
    out[8] = NEITHER if max(asking, asked) < 0 else (ONLY_ONE if min(asking, asked) < 0 else alike[asking, asked])


@loose
def align_pieces(one: "Pieces", two: "Pieces", first: Floats, second: Floats) -> Floats:
    """In the order of `alignment.ALIGNMENT`; `first` and `second` are the pieces' vectors (pieces, axes)."""
    out = np.empty(40, dtype=np.float32)
    alike = compare_all(first, second)
    turned = alike.T.copy()
    (partners, best), (back, other_best) = find_partners(alike), find_partners(turned)
    same, other_same = find_same(alike, one, two), find_same(turned, two, one)
    join_sides(describe_side(one, best, same), describe_side(two, other_best, other_same), out)
    whole = np.float32(1)
    gaps, other_gaps = one.rarities * (whole - best), two.rarities * (whole - other_best)
    compare_sums(add_words(one, first, gaps), add_words(two, second, other_gaps), 1e-4, ONLY_ONE, out[22:25])
    new, other_new = one.rarities * (same == LACKING), two.rarities * (other_same == LACKING)
    compare_sums(add_words(one, first, new), add_words(two, second, other_new), 0.0, NEITHER, out[25:28])
    moved = np.zeros(5)
    compare_places(one, partners, back, moved)
    compare_places(two, back, partners, moved)
    out[28], out[29], out[30] = moved[0] / max(moved[1], 1), moved[2] / max(moved[4], 1), moved[3] / max(moved[4], 1)
    compare_whole(alike, one, two, first, second, out[31:])
    return out


@loose
def walk_trees(trees: "Trees", columns: Wide) -> Wide:
    """The sums of the leaves that rows of `columns` come to."""
    found = np.zeros(len(columns))
    for row in range(len(columns)):
        for root in trees.roots:
            node = root
            for _ in range(trees.depth):
                lower = columns[row, trees.features[node]] <= trees.thresholds[node]
                node = trees.left[node] if lower else trees.right[node]
            found[row] += trees.values[node]
    return found
