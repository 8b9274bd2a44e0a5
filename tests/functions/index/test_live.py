import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.index import Overlay
from apps.functions.index.describing import weigh_evidence
from apps.functions.search.confidence import SURE_CONFIDENCE, estimate_confidence
from apps.functions.search.query import parse_query
from tests.functions.index.catalogue import DIMENSIONS, LANGUAGES, WORD, catalogues, entry, open_live

pytestmark = pytest.mark.unit

ENTRIES = [
    entry(1, "csv.Reader.read_rows", "Reads a table of values", [1, 0, 0], library="std", keywords=("spreadsheet",)),
    entry(2, "send_mail", "Sends a message", [0, 1, 0], library="std", language="go"),
    entry(3, "sortList", "Sorts numbers", [0.6, 0, 0.8], library="own", code="sorted(numbers)"),
    entry(4, "sort_list", "Sorts names", [0, 0.6, 0.8], library="own", language="go", popularity=3.0),
    entry(5, "read_rows", "Reads rows of a sheet"),
]


@pytest.fixture
def live(tmp_path):
    return open_live(tmp_path, ENTRIES)


def ids(outcome) -> list[int]:
    return [hit.id for hit in outcome.hits]


def vector(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


class TestSearch:
    def test_hits_say_why(self, live):
        hit = live.search(parse_query("Spreadsheet rows"), vector(1, 0, 0)).hits[0]
        assert hit.id == 1
        assert hit.matched == ("Spreadsheet", "rows")
        assert hit.why.startswith("name matches ‘rows’; keywords matches ‘Spreadsheet’; meaning 1.00; the next ")
        assert hit.semantic == pytest.approx(1)
        assert 0 < hit.lexical < hit.score < 1

    def test_a_synonym_is_shown_as_the_users_word(self, live):
        hit = live.search(parse_query("transmit"), None).hits[0]
        assert (hit.id, hit.matched) == (2, ("transmit",))

    def test_filters_come_before_the_limit(self, live):
        query = parse_query("sort")
        assert ids(live.search(query, vector(0.6, 0, 0.8), language="go", limit=1)) == [4]
        assert ids(live.search(query, vector(0.6, 0, 0.8), library="own", limit=9)) == [3, 4]
        assert ids(live.search(query, None, language="go", library="std")) == []
        assert ids(live.search(query, None, language="cobol")) == []
        assert ids(live.search(query, None, library="none")) == []

    def test_a_language_said_filters(self, live):
        assert ids(live.search(parse_query("sort in go", available=live.languages), None)) == [4]

    def test_without_a_vector_words_count(self, live):
        outcome = live.search(parse_query("sorts numbers"), None)
        assert ids(outcome) == [3, 4]
        assert outcome.hits[0].semantic is None
        assert 0 < outcome.hits[0].score <= 1

    def test_a_function_without_a_vector_is_found(self, live):
        hit = live.search(parse_query("rows of a sheet"), vector(-1, -1, -1)).hits[0]
        assert (hit.id, hit.semantic) == (5, None)

    def test_a_query_without_words_finds_by_meaning_only(self, live):
        assert ids(live.search(parse_query("?!"), None)) == []
        assert ids(live.search(parse_query("?!"), vector(0, 1, 0), limit=1)) == [2]

    def test_nothing_found_is_not_answered(self, live):
        outcome = live.search(parse_query("zebra"), None)
        assert (outcome.hits, outcome.confidence, outcome.answered) == ((), 0.0, False)

    def test_a_wrong_vector_is_refused(self, live):
        with pytest.raises(ValueError, match="dimensions"):
            live.search(parse_query("sort"), vector(1, 0))

    def test_a_vector_without_direction_counts_as_none(self, live):
        assert live.search(parse_query("sort"), vector(0, 0, 0)) == live.search(parse_query("sort"), None)

    def test_the_confidence_does_not_hang_on_the_limit(self, live):
        query = parse_query("sorts numbers")
        assert len({live.search(query, vector(0, 0, 1), limit=limit).confidence for limit in (1, 2, 50)}) == 1

    def test_a_lone_function_is_answered_when_it_fits_only(self, tmp_path):
        live = open_live(tmp_path, [entry(1, "read_csv", "Reads a table", [1, 0, 0])])
        assert live.search(parse_query("read csv"), vector(0.8, 0.6, 0)).answered
        assert live.search(parse_query("read csv"), None).answered
        assert not live.search(parse_query("zebra"), vector(0.1, 1, 0)).answered

    def test_evidence_is_what_the_confidence_comes_from(self, live):
        query = parse_query("sorts numbers")
        evidence = weigh_evidence(live.rank(query, vector(0.6, 0, 0.8)))
        outcome = live.search(query, vector(0.6, 0, 0.8))
        assert estimate_confidence(evidence) == outcome.confidence
        assert not len(live.rank(parse_query("zebra"), None))

    @pytest.mark.parametrize("split", [0, 1, 2])
    def test_a_plain_function_that_tells_all_comes_before_a_curated_one_that_tells_half(self, tmp_path, split):
        entries = [
            entry(1, "read_table", "Reads a table", [1, 0, 0], keywords=("spreadsheet",)),
            entry(2, "read_rows_backwards", "Reads rows backwards", [1, 0, 0]),
        ]
        live = open_live(tmp_path, entries[:split], Overlay(entries[split:]))
        assert ids(live.search(parse_query("read rows backwards"), vector(1, 0, 0))) == [2, 1]
        assert ids(live.search(parse_query("read spreadsheet"), vector(1, 0, 0))) == [1, 2]

    def test_the_lead_of_a_plain_function_is_not_larger_for_curated_company(self, tmp_path):
        plain = entry(1, "read_rows", "Reads rows", [1, 0, 0])
        alone = open_live(tmp_path / "alone", [plain, entry(2, "send_mail", "Sends mail", [0, 1, 0])])
        curated = entry(2, "send_mail", "Sends mail", [0, 1, 0], keywords=("message",))
        beside = open_live(tmp_path / "beside", [plain, curated])
        asked = parse_query("read rows"), vector(1, 0, 0)
        assert weigh_evidence(beside.rank(*asked)).lead == pytest.approx(weigh_evidence(alone.rank(*asked)).lead)

    def test_equals_come_by_popularity_then_id(self, tmp_path):
        entries = [entry(5, "same"), entry(3, "same"), entry(8, "same", popularity=1.0)]
        assert ids(open_live(tmp_path, entries).search(parse_query("same"), None)) == [8, 3, 5]

    @settings(deadline=None, max_examples=30)
    @given(
        entries=catalogues(),
        text=st.lists(WORD, max_size=4).map(" ".join),
        language=st.sampled_from([None, *LANGUAGES]),
        limit=st.integers(1, 5),
        meaning=st.booleans(),
    )
    def test_a_limit_cuts_the_whole_ranking(self, tmp_path_factory, entries, text, language, limit, meaning):
        split = len(entries) // 2
        live = open_live(tmp_path_factory.mktemp("index"), entries[:split], Overlay(entries[split:]))
        query, embedded = parse_query(text), np.ones(DIMENSIONS, dtype=np.float32) if meaning else None
        every = live.search(query, embedded, language=language, limit=1_000)
        some = live.search(query, embedded, language=language, limit=limit)
        assert some.hits == every.hits[:limit]
        assert some.confidence == every.confidence
        assert [hit.score for hit in every.hits] == sorted((hit.score for hit in every.hits), reverse=True)
        allowed = {document.id for document, _ in entries if language in (None, document.language)}
        assert set(ids(every)) <= allowed
        assert not meaning or not any(pair[1] is not None for pair in entries) or set(ids(every)) == allowed


class TestSearchIfSure:
    @pytest.fixture
    def live(self, tmp_path):
        curated = entry(1, "read_csv", "Reads a table", [1, 0, 0], keywords=("spreadsheet",), action="read")
        others = [entry(number, f"other_{number}", "Does something else", [0, 1, 0]) for number in range(2, 14)]
        return open_live(tmp_path, [curated, *others, entry(14, "zip_all", "Packs a folder", [0, 0, 1])])

    def test_a_curated_function_that_tells_all_is_taken_at_once(self, live):
        outcome = live.search_if_sure(parse_query("read a spreadsheet"))
        assert (ids(outcome)[0], outcome.answered) == (1, True)
        assert outcome.confidence >= SURE_CONFIDENCE

    @pytest.mark.parametrize("text", ["read a spreadsheet backwards", "packs a folder", "zebra"])
    def test_a_missing_word_or_a_plain_function_is_not_sure(self, live, text):
        assert live.search_if_sure(parse_query(text)).hits == ()

    def test_filters_hold(self, live):
        assert live.search_if_sure(parse_query("read a spreadsheet"), language="go").hits == ()


class TestExactMatches:
    @pytest.mark.parametrize("text", ["sort_list", "sortList", "Sort List", "sort-list()"])
    def test_any_spelling_finds_it_most_popular_first(self, live, text):
        outcome = live.exact_matches(parse_query(text))
        assert ids(outcome) == [4, 3]
        assert outcome.answered

    @pytest.mark.parametrize("text", ["Reader.read_rows", "csv.Reader.readRows", "std.csv.Reader.read_rows"])
    def test_a_dotted_name_finds_the_one(self, live, text):
        assert ids(live.exact_matches(parse_query(text))) == [1]

    def test_the_last_part_finds_all(self, live):
        assert ids(live.exact_matches(parse_query("read rows"))) == [1, 5]

    def test_filters_hold(self, live):
        assert ids(live.exact_matches(parse_query("sort list"), language="python")) == [3]
        assert ids(live.exact_matches(parse_query("sort list in go", available=live.languages))) == [4]
        assert ids(live.exact_matches(parse_query("sort list"), library="std")) == []
        assert ids(live.exact_matches(parse_query("sort list"), limit=1)) == [4]

    @pytest.mark.parametrize("text", ["sort", "sort list of names", "", "?"])
    def test_other_text_matches_nothing(self, live, text):
        outcome = live.exact_matches(parse_query(text))
        assert (outcome.hits, outcome.confidence, outcome.answered) == ((), 0.0, False)


class TestSimilar:
    def test_the_nearest_in_meaning_come_first_and_itself_not(self, live):
        outcome = live.similar(4)
        assert ids(outcome) == [3, 2]
        assert outcome.hits[0].why == "meaning 0.64"

    def test_without_a_vector_words_decide(self, live):
        outcome = live.similar(5)
        assert ids(outcome)[0] == 1
        assert outcome.hits[0].semantic is None
        assert outcome.hits[0].why.startswith("words in common 0.")

    def test_nobody_is_similar_to_what_is_unknown(self, live):
        assert live.similar(77).hits == ()


class TestContents:
    def test_contains_what_can_be_found(self, tmp_path):
        live = open_live(tmp_path, [entry(1, "read"), entry(2, "write")], Overlay([entry(3, "sort")], hidden={2}))
        assert live.contains({1, 2, 3, 4}) == {1, 3}
        assert live.contains([]) == set()

    def test_frequency_of_a_term(self, tmp_path):
        live = open_live(tmp_path, [entry(1, "read_csv"), entry(2, "read_json")])
        assert [live.frequency(term) for term in ("read", "csv", "zebra")] == [2, 1, 0]
