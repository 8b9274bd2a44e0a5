import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.index import Overlay
from apps.functions.index.vocabulary import make_vocabulary, open_vocabulary, words_of_document, write_vocabulary
from apps.functions.search.documents import Document
from apps.functions.search.query import parse_query
from apps.functions.search.spelling import can_be_read, count_slips, forgiven_slips
from tests.functions.index.catalogue import entry, open_live

pytestmark = pytest.mark.unit

WORDS = st.text("abc", min_size=4, max_size=10)
GROUPS = (("array", "sequence"),)


@settings(deadline=None)
@given(st.dictionaries(WORDS, st.integers(1, 9), max_size=20), WORDS)
def test_all_words_with_few_slips_and_a_likely_first_letter_are_found(frequency, word):
    found = {reading.word: reading for reading in make_vocabulary(frequency).find_readings(word)}
    most = forgiven_slips(word)
    for other, times in frequency.items():
        likely = other[0] == word[0] or other[:2] == word[1] + word[0]
        assert (other in found) == (likely and count_slips(word, other, most) <= most)
        assert other not in found or found[other].frequency == times


def test_files_hold_what_memory_does(tmp_path):
    frequency = {"array": 3, "arrow": 1, "sort": 2}
    write_vocabulary(tmp_path, frequency)
    stored, made = open_vocabulary(tmp_path), make_vocabulary(frequency)
    assert list(stored.find_readings("arrya")) == list(made.find_readings("arrya")) != []


def test_words_are_those_a_function_is_described_with():
    document = Document(1, "sortArray", description="Sorts it.", keywords=("order by",), code="zebra()", action="sort")
    assert words_of_document(document) == {"sort", "array", "sorts", "order"}
    assert all(map(can_be_read, words_of_document(document)))


@pytest.fixture
def live(tmp_path):
    built = [entry(1, "sort_array", "Sorts an array"), entry(2, "send_mail", "Sends a message")]
    return open_live(tmp_path, built, Overlay([entry(3, "parse_date", "Reads a calendar day")]))


def read(live, text: str):
    return live.read_words(parse_query(text, groups=GROUPS), GROUPS)


def test_a_misspelled_word_is_read_as_the_nearest(live):
    query = read(live, "sort Arrya")
    assert (query.text, query.subject) == ("sort array", "sort array")
    [_, term] = query.terms
    assert (term.word, term.read_as, term.term, term.synonyms) == ("Arrya", "array", "array", ("sequenc",))
    assert [hit.id for hit in live.search(query, None).hits] == [1]


def test_edits_beside_the_index_are_read_too(live):
    assert read(live, "calender").terms[0].read_as == "calendar"


@pytest.mark.parametrize("text", ["sort array", "sequence", "zebra", "srt", "sorting"])
def test_what_is_known_or_like_nothing_stays(live, text):
    query = parse_query(text, groups=GROUPS)
    assert live.read_words(query, GROUPS) is query


def test_an_identifier_with_a_slip_still_names_the_function(live):
    assert [hit.id for hit in live.exact_matches(read(live, "sort_arrya")).hits] == [1]


def test_a_slip_in_one_word_leaves_longer_ones_alone(live):
    assert read(live, "sned resned").text == "send resned"
