import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.inference.semantic.features import FEATURES, compare, longest_common
from apps.inference.semantic.words import measure_rarity
from tests.inference.semantic.questions import VOCABULARY, read, texts

pytestmark = pytest.mark.unit


def feature(name: str, first: str, second: str) -> float:
    return float(compare(read(first), read(second), 0.9, VOCABULARY.vectors)[FEATURES.index(name)])


@given(texts, texts)
def test_features_are_the_same_either_way_round_and_finite(first: str, second: str) -> None:
    one, two = (
        compare(read(each), read(other), 0.5, VOCABULARY.vectors) for each, other in ((first, second), (second, first))
    )
    assert one.shape == (len(FEATURES),)
    np.testing.assert_array_equal(one, two)
    assert np.isfinite(one).all()


@given(texts)
def test_a_text_differs_from_itself_in_nothing(text: str) -> None:
    for name in ("greater_rarity", "greater_count", "length_difference", "numbers_different", "negations_different",
                 "names_different", "function_words", "persons", "opposites", "question_words"):  # fmt: skip
        assert feature(name, text, text) == 0


def test_rare_words_count_for_more() -> None:
    assert measure_rarity("the", VOCABULARY.numbers) == 0
    assert 0 < measure_rarity("best", VOCABULARY.numbers) < measure_rarity("learn", VOCABULARY.numbers) < 1
    assert measure_rarity("zyzzyva", VOCABULARY.numbers) == 1


def test_a_word_that_only_one_has_counts_by_its_rarity() -> None:
    more = feature("greater_rarity", "how do I learn the quickest language", "how do I learn the language")
    less = feature("greater_rarity", "how do I learn the best language", "how do I learn the language")
    assert more > less > 0


def test_opposites_are_seen_through_their_endings() -> None:
    assert feature("opposites", "which shops are buying gold", "which shops are selling gold") == 1
    assert feature("opposites", "which shops are buying gold", "which shops are buying silver") == 0


def test_words_of_one_root_are_alike() -> None:
    assert feature("most_alike", "what is motivation", "what is motivating") > 0.5


def test_words_in_another_order() -> None:
    assert feature("content_order", "do cats chase dogs", "do dogs chase cats") < 1


def test_the_longest_common_subsequence() -> None:
    assert longest_common("abcde", "xbyd") == 2
    assert longest_common("", "abc") == 0


@given(st.text("abc"), st.text("abc"), st.sampled_from("abc"))
def test_a_common_subsequence_grows_with_what_ends_both(first: str, second: str, letter: str) -> None:
    known = longest_common(first, second)
    assert longest_common(first + letter, second + letter) == known + 1
    assert known <= longest_common(first + letter, second) <= known + 1
