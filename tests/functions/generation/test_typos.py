from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.functions.generation.typos import can_slip, slip
from apps.functions.generation.vocabulary import NEIGHBOURS

pytestmark = pytest.mark.unit

WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=12)


@given(WORDS, st.integers())
def test_a_slip_is_one_edit_and_keeps_the_first_letter(word, seed):
    wrong = slip(word, Random(seed))
    assert wrong[0] == word[0]
    assert wrong in _slips(word)


def _slips(word: str) -> set[str]:
    """Every one-edit slip after the first letter, and the word itself, which two equal letters swapped give."""
    places = range(1, len(word))
    swapped = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in places[:-1]}
    dropped = {word[:at] + word[at + 1 :] for at in places}
    doubled = {word[:at] + word[at] + word[at:] for at in places}
    beside = {word[:at] + near + word[at + 1 :] for at in places for near in NEIGHBOURS[word[at]]}
    return swapped | dropped | doubled | beside


def test_every_slip_happens():
    assert {slip("table", Random(seed)) for seed in range(500)} >= {"talbe", "tale", "tabble", "tsble", "tabl"}


@pytest.mark.parametrize(
    ("word", "can"), [("table", True), ("list", False), ("utf16", False), ("größe", False), ("TABLE", False)]
)
def test_only_longer_plain_words_slip(word, can):
    assert can_slip(word) == can


def test_neighbours_are_mutual():
    assert all(key in NEIGHBOURS[near] for key, nears in NEIGHBOURS.items() for near in nears)
