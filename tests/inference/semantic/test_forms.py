import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.inference.semantic.forms import read_word, unify

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("life in the U.S.", "life in the USA"),
        ("life in the US. Is it dear?", "life in the USA. Is it dear?"),
        ("the United States of America", "the USA"),
        ("give us more", "give us more"),
        ("South America", "South America"),
        ("in America", "in USA"),
        ("the United Kingdom", "the UK"),
        ("Pokémon", "Pokemon"),
        ("it’s", "it's"),
    ],
)
def test_what_is_written_in_several_ways_is_written_in_one(text: str, form: str) -> None:
    assert unify(text) == form


@pytest.mark.parametrize("text", ["₹500", "Rs. 500", "Rs 500", "INR 500", "rupees 500"])
def test_a_currency_is_a_word(text: str) -> None:
    assert unify(text).split() == ["rupees", "500"]


@given(st.text(max_size=40))
def test_a_text_in_one_way_stays_as_it_is(text: str) -> None:
    assert unify(unify(text)).split() == unify(text).split()


def test_of_several_in_capitals_one_is_read() -> None:
    assert [read_word(token) for token in ("TVs", "IQs", "TV", "As", "news")] == ["tv", "iq", "tv", "as", "news"]
