from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.search.spelling import (
    Reading,
    can_be_read,
    choose_reading,
    count_slips,
    forgiven_slips,
    letters_of,
)

pytestmark = pytest.mark.unit

WORDS = st.text("abcde", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("left", "right", "slips"),
    [("array", "array", 0), ("arry", "array", 1), ("arrya", "array", 1), ("arrxy", "array", 1), ("aray", "arrays", 2)],
)
def test_slips_are_counted(left, right, slips):
    assert count_slips(left, right, 2) == count_slips(right, left, 2) == slips


def distance(left: str, right: str) -> int:
    """The optimal string alignment distance, by the whole table."""
    table = [[i + j for j in range(len(right) + 1)] for i in range(len(left) + 1)]
    for i, j in product(range(1, len(left) + 1), range(1, len(right) + 1)):
        changed = table[i - 1][j - 1] + (left[i - 1] != right[j - 1])
        table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, changed)
        if i > 1 and j > 1 and left[i - 2 : i] == right[j - 2 : j][::-1]:
            table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@settings(deadline=None)
@given(WORDS, WORDS, st.integers(0, 3))
def test_slips_beyond_the_most_are_one_more_and_never_miss_by_letters(left, right, most):
    exact = distance(left, right)
    assert count_slips(left, right, most) == min(exact, most + 1)
    assert (letters_of(left) ^ letters_of(right)).bit_count() <= 2 * exact
    assert (exact == 0) == (left == right)


def test_the_nearest_word_wins_then_the_most_frequent():
    readings = [Reading("arrows", 2, 90), Reading("carry", 1, 3), Reading("array", 1, 8), Reading("angry", 1, 8)]
    assert choose_reading(readings).word == "angry"
    assert choose_reading([]) is None


def test_short_words_and_what_is_no_word_are_left_alone():
    assert [can_be_read(word) for word in ("arry", "arr", "utf8", "naïve", "a" * 25)] == [True, *[False] * 4]
    assert (forgiven_slips("arrayss"), forgiven_slips("arraysss")) == (1, 2)
