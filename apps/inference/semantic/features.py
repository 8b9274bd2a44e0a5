"""What speaks for and against two questions meaning the same, as numbers; the same either way round.

Rarities are added by `fsum`, whose result does not depend on their order.
"""

from collections.abc import Sequence
from math import fsum

import numpy as np
from numpy.typing import NDArray

from apps.inference.semantic.alignment import ALIGNMENT, align
from apps.inference.semantic.vocabulary import Vectors
from apps.inference.semantic.words import FUNCTION_WORDS, QUESTION_WORDS, Question

Features = NDArray[np.float32]

FEATURES = (
    "cosine",
    "lesser_rarity", "greater_rarity", "lesser_count", "greater_count", "rarest_different",
    "common_count", "common_rarity", "rarest_common", "overlap", "cover",
    "lesser_unlike", "greater_unlike", "most_unlike", "most_alike",
    "shared_order", "shared_order_of_shorter", "shared_pairs", "content_order",
    "shorter", "longer", "length_difference",
    "numbers_different", "numbers_common", "negations_different", "negations_common",
    "question_words", "same_question", "same_first", "same_start", "same_last", "same_end",
    "names_different", "names_common", "names_rarity",
    "function_words", "persons", "opposites", "one_question", "sentences",
    *ALIGNMENT,
)  # fmt: skip

PERSONS = (frozenset({"i", "me", "my"}), frozenset({"you", "your"}), frozenset({"we", "our", "us"}))
_OPPOSITES = (
    "best/worst good/bad better/worse more/less most/least high/low higher/lower long/short old/new "
    "old/young big/small large/small fast/slow increas/decreas increas/reduc gain/los buy/sell man/woman "
    "men/women boy/girl male/femal husband/wif father/mother son/daughter for/against with/without "
    "before/after first/last start/stop start/end begin/end open/clos lov/hat like/dislik "
    "advantag/disadvantag pro/con black/white left/right up/down in/out on/off win/los true/fals "
    "right/wrong safe/dangerous legal/illegal possibl/impossibl north/south east/west add/remov "
    "enabl/disabl send/receiv import/export hot/cold day/night"
)
OPPOSITES = frozenset(frozenset(pair.split("/")) for pair in _OPPOSITES.split())


def compare(first: Question, second: Question, cosine: float, vectors: Vectors) -> Features:
    """The features in the order of FEATURES, float32; `vectors` are the vocabulary's."""
    return np.array(
        [
            cosine,
            *compare_content(first, second),
            *compare_spelling(first, second),
            *compare_order(first, second),
            *compare_numbers(first, second),
            *compare_asking(first, second),
            *compare_names(first, second),
            *compare_small(first, second),
            *align(first, second, vectors).tolist(),
        ],
        dtype=np.float32,
    )


def compare_content(first: Question, second: Question) -> list[float]:
    """By rarity: what only one has, the lesser and the greater, and what both have."""
    own, other = list_different(first, second), list_different(second, first)
    common = [min(rarity, second.content[stem]) for stem, rarity in first.content.items() if stem in second.content]
    lesser, greater = sorted((fsum(own.values()), fsum(other.values())))
    fewer, more = sorted((len(own), len(other)))
    both = fsum(common)
    all_of = both + lesser + greater
    return [
        lesser, greater, fewer, more, max((*own.values(), *other.values()), default=0.0),
        len(common), both, max(common, default=0.0), both / all_of if all_of else 1.0,
        2 * both / (both + all_of) if all_of else 1.0,
    ]  # fmt: skip


def list_different(first: Question, second: Question) -> dict[str, float]:
    return {stem: rarity for stem, rarity in first.content.items() if stem not in second.content}


def compare_spelling(first: Question, second: Question) -> list[float]:
    """How far words that only one has are spelled like one of the other's: motivate and motivation are."""
    own, other = list_different(first, second), list_different(second, first)
    if not own and not other:
        return [0.0, 0.0, 0.0, -1.0]
    alike = [[spell_alike(one, two) for two in other] for one in own]
    best_own = [max(row, default=0.0) for row in alike]
    best_other = [max((row[place] for row in alike), default=0.0) for place in range(len(other))]
    unlike = [rarity * (1 - best) for rarity, best in zip(own.values(), best_own, strict=True)]
    unlike_other = [rarity * (1 - best) for rarity, best in zip(other.values(), best_other, strict=True)]
    lesser, greater = sorted((fsum(unlike), fsum(unlike_other)))
    return [lesser, greater, max((*unlike, *unlike_other)), max(best_own, default=0.0)]


def spell_alike(one: str, two: str) -> float:
    """The letters that both begin with, as a part of the longer; 0 where these are fewer than three."""
    size = next((place for place, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]), None)
    size = min(len(one), len(two)) if size is None else size
    return size / max(len(one), len(two)) if size >= 3 else 0.0


def compare_order(first: Question, second: Question) -> list[float]:
    shorter, longer = sorted((len(first.stems), len(second.stems)))
    shared = longest_common(first.stems, second.stems)
    pairs, others = (set(zip(one.stems, one.stems[1:], strict=False)) for one in (first, second))
    own = [stem for stem in first.stems if stem in first.content and stem in second.content]
    other = [stem for stem in second.stems if stem in first.content and stem in second.content]
    return [
        shared / max(longer, 1), shared / max(shorter, 1),
        len(pairs & others) / max(len(pairs | others), 1),
        longest_common(own, other) / max(len(own), len(other), 1),
        shorter, longer, longer - shorter,
    ]  # fmt: skip


def longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    """The length of the longest common subsequence.

    A row of the usual table is one number, by a bit for each place of the second (Hyyrö, "Bit-parallel LCS-length
    computation revisited", AWOCA 2004).
    """
    places: dict[str, int] = {}
    for place, one in enumerate(second):
        places[one] = places.get(one, 0) | 1 << place
    row = full = (1 << len(second)) - 1
    for one in first:
        matches = row & places.get(one, 0)
        row = (row + matches | row - matches) & full
    return len(second) - row.bit_count()


def compare_numbers(first: Question, second: Question) -> list[float]:
    own, other = set(first.numbers), set(second.numbers)
    return [
        len(own ^ other), len(own & other),
        abs(first.negations - second.negations), min(first.negations, second.negations),
    ]  # fmt: skip


def compare_asking(first: Question, second: Question) -> list[float]:
    """What is asked for, and by which words the two begin and end."""
    own, other = ([word for word in one.words if word in QUESTION_WORDS] for one in (first, second))
    return [
        len(set(own) ^ set(other)),
        float(own[0] == other[0]) if own and other else 0.5,
        float(first.words[:1] == second.words[:1]), float(first.words[:2] == second.words[:2]),
        float(first.stems[-1:] == second.stems[-1:]), float(first.stems[-2:] == second.stems[-2:]),
    ]  # fmt: skip


def compare_names(first: Question, second: Question) -> list[float]:
    different = (first.names - second.known) | (second.names - first.known)
    rarity = fsum(first.content.get(name, second.content.get(name, 1.0)) for name in different)
    return [len(different), len(first.names & second.names), rarity]


def compare_small(first: Question, second: Question) -> list[float]:
    own, other = frozenset(first.words), frozenset(second.words)
    persons = sum(bool(own & person) != bool(other & person) for person in PERSONS)
    only, only_other = first.known - second.known, second.known - first.known
    opposites = sum(frozenset((one, two)) in OPPOSITES for one in only for two in only_other)
    marks, other_marks = first.text.count("?"), second.text.count("?")
    return [
        len((own ^ other) & FUNCTION_WORDS), persons, opposites,
        float(marks == other_marks), min(marks, other_marks),
    ]  # fmt: skip
