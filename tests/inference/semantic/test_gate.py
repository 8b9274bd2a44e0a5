import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apps.inference.semantic.gate import Difference, check_pair
from tests.inference.semantic.questions import read, texts

pytestmark = pytest.mark.unit


def differences(first: str, second: str) -> tuple[Difference, ...]:
    return check_pair(read(first), read(second)).differences


@given(texts)
def test_a_text_passes_beside_itself(text: str) -> None:
    assert check_pair(read(text), read(text)).passes


@given(texts, texts)
def test_the_rules_are_the_same_either_way_round(first: str, second: str) -> None:
    assert differences(first, second) == differences(second, first)


@given(texts, st.integers(min_value=0), st.integers(min_value=0))
def test_numbers_that_differ_never_pass(text: str, one: int, two: int) -> None:
    assume(one != two)
    assert Difference.NUMBERS in differences(f"{text} {one}", f"{text} {two}")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("What are 1,000 metres in feet?", "What are 1000 metres in feet?"),
        ("Is 2.50 the same price?", "Is 2.5 the same price?"),
        ("What is the use of three wheels?", "What is the use of 3 wheels?"),
        ("How can one learn it?", "How can I learn it?"),
        ("Who won World War II?", "Who won World War 2?"),
        ("What is the fourth state of matter?", "What is the 4th state of matter?"),
    ],
)
def test_a_number_may_be_written_in_several_ways(first: str, second: str) -> None:
    assert check_pair(read(first), read(second)).passes


def test_the_order_of_numbers_counts() -> None:
    assert differences("Add 3 to 5", "Add 5 to 3") == (Difference.NUMBERS,)


@pytest.mark.parametrize("denied", ["Why is it not safe?", "Why isn't it safe?", "Why isn’t it safe?"])
def test_what_is_denied_is_another_question(denied: str) -> None:
    assert differences(denied, "Why is it safe?") == (Difference.NEGATION,)


def test_the_same_denial_in_other_words_passes() -> None:
    assert check_pair(read("Why is it not safe?"), read("Why isn't it safe?")).passes


def test_another_name_is_another_question() -> None:
    assert differences("Who governs in France?", "Who governs in Spain?") == (Difference.NAMES,)


def test_a_name_that_only_one_says_is_a_difference() -> None:
    assert differences("What is the capital of France?", "What is the capital?") == (Difference.NAMES,)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Is life in Paris dear?", "is life in paris dear"),
        ("What do Pakistanis eat?", "What do people in Pakistan eat?"),
        ("Is it True? Tell me.", "Is it true? tell me."),
        ("How Do I Learn To Swim", "how do i learn to swim"),
        ("Is the U.S. larger than Canada?", "Is America larger than Canada?"),
        ("When is the American election?", "When is the US election?"),
        ("What is the best Pokémon?", "what is the best pokemon"),
        ("Are high IQs rare?", "Is a high IQ rare?"),
        ("Where does President Lincoln sleep?", "Where does Lincoln sleep?"),
        ("Which phone costs INR 500?", "Which phone costs 500 rupees?"),
    ],
)
def test_the_same_name_may_be_written_in_several_ways(first: str, second: str) -> None:
    assert check_pair(read(first), read(second)).passes


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Are lifts in the US safe?", "Are lifts safe?"),
        ("Is South America large?", "Is America large?"),
        ("What do I get with Amazon Prime?", "What do I get with Amazon?"),
    ],
)
def test_a_name_in_several_words_is_no_part_of_it(first: str, second: str) -> None:
    assert differences(first, second) == (Difference.NAMES,)


def test_numbers_in_capitals_differ() -> None:
    assert differences("Who won World War II?", "Who won World War III?") == (Difference.NUMBERS,)


def test_names_that_only_begin_alike_are_different() -> None:
    assert differences("Is it hot in Iraq?", "Is it hot in Iran?") == (Difference.NAMES,)


@pytest.mark.parametrize("quote", ['"{}"', "“{}”", "'{}'", "«{}»", '""{}""'])
def test_other_quoted_words_are_another_question(quote: str) -> None:
    first, second = (f"what does {quote.format(word)} mean" for word in ("fast food", "slow food"))
    assert differences(first, second) == (Difference.QUOTED,)


def test_what_one_quotes_the_other_may_just_say() -> None:
    assert check_pair(read("who owns the 'fast food' market"), read("who owns the fast food market")).passes


def test_what_is_quoted_is_taken_by_the_letter() -> None:
    assert differences("what does 'sort' do", "what does 'sorted' do") == (Difference.QUOTED,)


def test_another_currency_is_another_question() -> None:
    assert differences("Is 500 USD dear?", "Is 500 INR dear?") == (Difference.NAMES,)
    assert differences("Is $500 dear?", "Is €500 dear?") == (Difference.NAMES,)
    assert check_pair(read("Is $500 dear?"), read("Are 500 dollars dear?")).passes


def test_every_difference_is_named() -> None:
    found = differences("Is 7 'not' bad in France?", "Is 8 bad in Spain?")
    assert found == (Difference.NUMBERS, Difference.NEGATION, Difference.NAMES, Difference.QUOTED)
