"""What a misspelled word was meant to be: the nearest word that functions are described with.

One slip is a letter dropped, added, replaced, or swapped with its neighbour (the optimal string alignment distance of
Damerau, "A Technique for Computer Detection and Correction of Spelling Errors", CACM 7(3), 1964).
"""

from collections.abc import Iterable
from dataclasses import dataclass

LEAST = 4
MOST = 24
"""Letters of a word that is corrected, or that another is corrected to."""

LONG = 8
"""From so many letters on, two slips are forgiven."""

_A, _Z = ord("a"), ord("z")


@dataclass(frozen=True, slots=True)
class Reading:
    """A word that another may have been meant to be, with the slips between them and how many functions have it."""

    word: str
    slips: int
    frequency: int


def can_be_read(word: str) -> bool:
    """Whether a word in lower case is one that slips are looked for in."""
    return LEAST <= len(word) <= MOST and word.isascii() and word.isalpha()


def forgiven_slips(word: str) -> int:
    return 2 if len(word) >= LONG else 1


def letters_of(word: str) -> int:
    """One bit a letter that the word has: a slip changes two of them at most."""
    mask = 0
    for char in word:
        code = ord(char)
        if _A <= code <= _Z:
            mask |= 1 << (code - _A)
    return mask


def choose_reading(readings: Iterable[Reading]) -> Reading | None:
    """The one with the fewest slips, the most frequent of several, the first by the alphabet of equals."""
    return min(readings, key=lambda reading: (reading.slips, -reading.frequency, reading.word), default=None)


def count_slips(left: str, right: str, most: int) -> int:
    """The slips between two words; `most` + 1 where there are more than that. Each more takes four times as long."""
    if left == right:
        return 0
    if not most or abs(len(left) - len(right)) > most:
        return most + 1
    at = 0
    for char, other in zip(left, right, strict=False):
        if char != other:
            break
        at += 1
    # What is left after a letter that is too many, too few, another, or swapped with the next one.
    ends = [(left[at + 1 :], right[at:]), (left[at:], right[at + 1 :]), (left[at + 1 :], right[at + 1 :])]
    if left[at : at + 2] == right[at : at + 2][::-1]:
        ends.append((left[at + 2 :], right[at + 2 :]))
    return 1 + min([count_slips(*end, most - 1) for end in ends])
