import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.functions.evaluation.wording import is_misspelt, tell_likeness, words_of
from apps.functions.search.bm25 import count_terms
from apps.functions.search.documents import Document

pytestmark = pytest.mark.unit

WORD = st.text(alphabet="abcde", min_size=4, max_size=8)


@pytest.mark.parametrize(
    ("word", "right", "misspelt"),
    [
        ("calender", "calendar", True),
        ("srot", "sort", True),
        ("parsse", "parse", True),
        ("pars", "parse", True),
        ("ssort", "sort", True),
        ("sort", "sort", False),
        ("recieve", "receive", True),
        ("cat", "cart", False),
        ("calnedra", "calendar", False),
        ("sort", "table", False),
        ("abcd", "abdce", False),
        ("", "", False),
    ],
)
def test_one_edit(word, right, misspelt):
    assert is_misspelt(word, right) is misspelt
    assert is_misspelt(right, word) is misspelt


@given(WORD, WORD)
def test_one_edit_agrees_with_trying_all_of_them(word, right):
    letters = "abcde"
    places = range(len(word) + 1)
    edits = {word[:at] + letter + word[at:] for at in places for letter in letters}
    edits |= {word[:at] + letter + word[at + 1 :] for at in places[:-1] for letter in letters}
    edits |= {word[:at] + word[at + 1 :] for at in places[:-1]}
    edits |= {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
    assert is_misspelt(word, right) == (right in edits - {word})


def test_the_words_of_a_function():
    document = Document(
        1, "dates.parseISODate2", keywords=("calendar",), description="Turn it into a date.\n\nNever mind this."
    )
    assert words_of(document) == ("dates", "parse", "iso", "date", "calendar", "turn")


def test_the_words_of_a_function_without_a_description_are_of_its_code():
    assert words_of(Document(1, "mean", code="def mean(numbers):\n    return sum(numbers)")) == (
        "mean", "def", "numbers", "return", "sum",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        (("a.read_csv", "Load rows."), ("b::readCsv", "Parse a table of text."), "have the same name"),
        (("A.close", "Close the socket now."), ("B.close", "Give back what the pool lent."), ""),
        (("A.close", "Close the socket."), ("B.close", "Close a socket."), "have the same name"),
        (
            ("mean", "The average of all numbers.\n\nArgs: x"),
            ("average", "the average  of all numbers"),
            "have the same description",
        ),
        (("mean", "See above."), ("average", "See above."), ""),
        (("mean", ""), ("average", ""), ""),
        (
            ("mean", "Add up numbers, divide by count, give back quotient rounded."),
            ("mean", "Add up numbers, divide by the count, give back a quotient rounded well"),
            "have the same name",
        ),
        (
            ("mean_of", "Add up numbers, divide by count, give back quotient rounded half even twice."),
            ("mean", "Add numbers up, divide by count, give back quotient rounded half even twice."),
            "have 92% of their words in common",
        ),
    ],
)
def test_likeness(one, other, likeness):
    documents = [Document(1, name, description=description) for name, description in (one, other)]
    terms = [count_terms(document).counts for document in documents]
    assert tell_likeness(*documents, *terms) == likeness
    assert tell_likeness(*reversed(documents), *reversed(terms)) == likeness
