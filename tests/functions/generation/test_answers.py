import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.functions.generation.answers import MAX_ANSWERS, AnswerIndex, slots_of, synonym_slot, terms_of
from apps.functions.generation.subjects import Subject
from tests.functions.generation.catalogue import make_catalogue

pytestmark = pytest.mark.unit

CATALOGUE = make_catalogue()
INDEX = AnswerIndex(CATALOGUE)
TERMS = sorted({term for subject in CATALOGUE for term in terms_of(subject)})


def _names(numbers: list[int]) -> list[str]:
    return [CATALOGUE[number].name for number in numbers]


@given(st.lists(st.lists(st.sampled_from(TERMS), min_size=1, max_size=3).map(tuple), min_size=1, max_size=3))
def test_words_find_what_going_through_all_finds(slots):
    fitting = [
        number
        for number, subject in enumerate(CATALOGUE)
        if all(not terms_of(subject).isdisjoint(slot) for slot in slots)
    ]
    assert INDEX.find_by_words(slots) == fitting[: MAX_ANSWERS + 1]


def test_words_find_in_one_language():
    assert _names(INDEX.find_by_words([("pars",), ("date",)])) == ["parse_date", "parseDate"]
    assert _names(INDEX.find_by_words([("pars",), ("date",)], "javascript")) == ["parseDate"]
    assert INDEX.find_by_words([("nosuchterm",)]) == []
    assert INDEX.find_by_words([]) == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("parse_date", ["parse_date", "parseDate"]),
        ("ParseDate()", ["parse_date", "parseDate"]),
        ("date parse", ["parse_date", "parseDate"]),
        ("Conn.Close", ["Close"]),
        ("Conn::Close", ["Close"]),
        ("close", ["close", "Close"]),
        ("parse", []),
    ],
)
def test_names_are_found_in_any_spelling(name, found):
    assert _names(INDEX.find_by_name(name)) == found


def test_only_words_that_the_function_has_count_and_neighbours_may_be_one_word():
    terms = {"read", "file", "name"}
    assert slots_of("how do i read the file name quickly", terms.__contains__) == [
        ("read", "readfil"),
        ("file", "readfil", "filenam"),
        ("name", "filenam", "namequick"),
    ]


def test_a_filename_fits_where_a_file_name_is_asked_for():
    subjects = [
        Subject(key="a/1", name="open_file_name", language="python"),
        Subject(key="a/2", name="open_it", language="python", description="Open the filename."),
    ]
    index = AnswerIndex(subjects)
    slots = slots_of("open file name", terms_of(subjects[0]).__contains__)
    assert index.find_by_words(slots) == [0, 1]


def test_a_synonym_stands_for_all_of_its_group():
    assert {"sort", "order"} <= set(synonym_slot("sort", "order"))
    assert "array" in synonym_slot("list")
    assert synonym_slot("banana") == ("banana",)
