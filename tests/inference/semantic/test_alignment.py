import numpy as np
import pytest
from hypothesis import given

from apps.inference.semantic import kernels
from apps.inference.semantic.alignment import ALIGNMENT, align
from apps.inference.semantic.kernels import NEITHER, ONLY_ONE
from tests.inference.semantic.questions import VOCABULARY, read, texts

pytestmark = pytest.mark.unit


def feature(name: str, first: str, second: str) -> float:
    return float(align(read(first), read(second), VOCABULARY.vectors)[ALIGNMENT.index(name)])


@given(texts, texts)
def test_an_alignment_is_the_same_either_way_round_and_finite(first: str, second: str) -> None:
    found = align(read(first), read(second), VOCABULARY.vectors)
    assert found.shape == (len(ALIGNMENT),)
    assert found.tolist() == align(read(second), read(first), VOCABULARY.vectors).tolist()
    assert np.isfinite(found).all()


@given(texts)
def test_nothing_of_a_text_is_left_over_beside_itself(text: str) -> None:
    for name in ("greater_widest_gap", "greater_gaps", "greater_rest", "greater_different"):
        assert feature(name, text, text) == pytest.approx(0, abs=1e-4)


def test_a_word_without_a_partner_leaves_a_gap_by_how_rare_it_is() -> None:
    rare = feature("greater_widest_gap", "learn the quickest language", "learn the language")
    frequent = feature("greater_widest_gap", "learn the best language", "learn the language")
    assert rare > frequent > 0
    assert feature("lesser_widest_gap", "learn the best language", "learn the language") == pytest.approx(0, abs=1e-6)


def test_a_word_that_only_one_has_is_told_by_how_near_the_nearest_is() -> None:
    pair = ("learn the language", "learn the bicycle")
    for name in ("most_unmatched", "least_unmatched", "different_alike"):
        assert feature(name, *pair) == pytest.approx(0.8, abs=1e-6)


def test_words_in_another_order_cross() -> None:
    assert feature("crossings", "language buy", "language buy") == 0
    assert feature("crossings", "language buy", "buy language") == 1
    assert feature("mutual", "language buy", "buy language") == 1
    assert feature("shift", "language buy", "buy language") == 0.25


def test_marks_and_ends_are_compared_too() -> None:
    assert feature("last_alike", "buy?", "learn?") == 1
    assert feature("last_alike", "buy?", "learn") == 0
    assert feature("first_alike", "buy?", "learn?") == 0


def test_how_it_is_asked_is_compared_where_both_ask() -> None:
    assert feature("question_words_alike", "learn", "buy") == NEITHER
    assert feature("question_words_alike", "how to learn", "learn") == ONLY_ONE
    assert feature("question_words_alike", "how to learn", "how to buy") == 1


def test_what_has_nothing_left_over_says_so() -> None:
    assert feature("different_alike", "learn", "learn") == NEITHER
    assert feature("different_alike", "learn", "learn language") == ONLY_ONE


def test_uncompiled_loops_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [("how to learn the best language?", "how to buy motivation"), ("", "buy"), ("bicycle", "language ?")]
    compiled = [align(read(first), read(second), VOCABULARY.vectors) for first, second in pairs]
    for name, kernel in vars(kernels).copy().items():
        if hasattr(kernel, "py_func"):
            monkeypatch.setattr(kernels, name, kernel.py_func)
    plain = [align(read(first), read(second), VOCABULARY.vectors) for first, second in pairs]
    np.testing.assert_allclose(compiled, plain, atol=1e-5)
