import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.index import LiveIndex, Overlay, open_current
from apps.functions.index.overlay import build_segment
from apps.functions.search.query import parse_query
from tests.functions.index.catalogue import (
    DIMENSIONS,
    LANGUAGES,
    WORD,
    build,
    catalogues,
    entry,
    find_postings,
    open_live,
)

pytestmark = pytest.mark.unit

BASE = [
    entry(1, "read_csv", "Reads a table of values", [1, 0, 0]),
    entry(2, "send_mail", "Sends a message", [0, 1, 0]),
    entry(3, "sort_list", "Sorts numbers", [0, 0, 1]),
]


def found(live: LiveIndex, text: str, vector=None) -> list[int]:
    query = None if vector is None else np.array(vector, dtype=np.float32)
    return [hit.id for hit in live.search(parse_query(text), query).hits]


def test_a_new_function_is_found_by_words_and_by_meaning(tmp_path):
    live = open_live(tmp_path, BASE, Overlay([entry(9, "parse_date", "Turns text into a date", [0.8, 0.6, 0])]))
    assert found(live, "parse date") == [9]
    assert found(live, "zebra", [0.8, 0.6, 0])[0] == 9


def test_an_edited_function_is_found_by_its_new_words_only(tmp_path):
    live = open_live(tmp_path, BASE, Overlay([entry(1, "load_parquet", "Loads columns", [0, 0.9, 0.1])], hidden={1}))
    assert found(live, "parquet") == [1]
    assert found(live, "csv table") == []
    assert found(live, "zebra", [1, 0, 0]).count(1) == 1
    assert len(live) == 3


def test_an_edited_function_takes_the_place_of_the_old_one_unasked(tmp_path):
    live = open_live(tmp_path, BASE, Overlay([entry(1, "load_parquet")]))
    assert found(live, "csv") == []


def test_a_retired_function_is_gone_at_once(tmp_path):
    live = open_live(tmp_path, BASE, Overlay(hidden={1, 77}))
    assert found(live, "csv") == []
    assert found(live, "zebra", [1, 0, 0]) == [2, 3]
    assert not live.exact_matches(parse_query("read_csv")).hits
    assert not live.similar(1).hits
    assert len(live) == 2


def test_without_a_snapshot_the_overlay_is_the_catalogue():
    live = LiveIndex(None, Overlay(BASE))
    assert found(live, "csv") == [1]
    assert found(live, "zebra", [0, 1, 0])[0] == 2
    assert live.languages == ("python",)
    nothing = LiveIndex(None, Overlay())
    assert nothing.search(parse_query("csv"), None).hits == ()
    assert nothing.languages == ()


def test_beside_an_empty_snapshot_too(tmp_path):
    live = open_live(tmp_path, [], Overlay(BASE))
    assert found(live, "csv") == [1]
    assert found(live, "zebra", [0, 1, 0])[0] == 2


def test_beside_a_snapshot_without_vectors(tmp_path):
    live = open_live(tmp_path, [entry(1, "read_csv")], Overlay([entry(2, "send_mail", vector=[0, 1])]))
    assert found(live, "zebra", [0, 1])[0] == 2
    assert [hit.id for hit in live.similar(2).hits] == []


def test_a_vector_of_another_model_is_refused(tmp_path):
    build(tmp_path, BASE)
    with pytest.raises(ValueError, match="dimensions"):
        LiveIndex(open_current(tmp_path), Overlay([entry(9, "x", vector=[1, 0])]))


@settings(deadline=None, max_examples=30)
@given(catalogues(max_size=10), st.data())
def test_an_overlay_shows_what_a_rebuild_would(tmp_path_factory, entries, data):
    """The same functions, though scores differ a little: the overlay keeps the snapshot's statistics."""
    half = len(entries) // 2
    built, later = entries[:half], entries[half:]
    retired = {document.id for document, _ in built if data.draw(st.booleans())}
    edited = [(document, vector) for document, vector in built if data.draw(st.booleans())]
    changed = [*later, *((document, vector) for document, vector in edited if document.id not in retired)]
    kept = [pair for pair in built if pair[0].id not in retired | {document.id for document, _ in changed}]
    text = " ".join(data.draw(st.lists(WORD, min_size=1, max_size=3)))
    language = data.draw(st.sampled_from([None, *LANGUAGES]))
    vector = data.draw(st.sampled_from([None, np.ones(DIMENSIONS, dtype=np.float32)]))
    if not any(pair[1] is not None for pair in [*kept, *changed]):
        vector = None  # a rebuild would hold no vectors, and go by words
    overlaid = open_live(tmp_path_factory.mktemp("a"), built, Overlay(changed, retired))
    rebuilt = open_live(tmp_path_factory.mktemp("b"), [*kept, *changed])
    assert len(overlaid) == len(rebuilt)
    query = parse_query(text)
    left, right = (live.search(query, vector, language=language, limit=100) for live in (overlaid, rebuilt))
    assert {hit.id for hit in left.hits} == {hit.id for hit in right.hits}
    assert {(hit.id, hit.matched) for hit in left.hits} == {(hit.id, hit.matched) for hit in right.hits}
    for hit in left.hits:
        assert 0 <= hit.score <= 1


@settings(deadline=None, max_examples=20)
@given(catalogues(min_size=1))
def test_with_the_same_statistics_a_function_scores_the_same_beside_as_inside(tmp_path_factory, entries):
    root = tmp_path_factory.mktemp("index")
    build(root, entries)
    snapshot = open_current(root)
    beside = build_segment(entries, snapshot.statistics, snapshot.segment)
    for term in ("read", "csv", "date", "httpserver"):
        left, right = find_postings(snapshot.segment.terms, term), find_postings(beside.terms, term)
        assert (left is None) == (right is None)
        assert left is None or np.allclose(left.impacts, right.impacts)
