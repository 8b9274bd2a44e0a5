import numpy as np
import pytest
from hypothesis import given, settings

from apps.functions.index import open_current, postings, spool
from apps.functions.index.overlay import build_segment
from tests.functions.index.catalogue import DIMENSIONS, build, catalogues, entry, find_postings

pytestmark = pytest.mark.unit

WORDS = (
    "read",
    "write",
    "file",
    "csv",
    "date",
    "pars",
    "sort",
    "list",
    "utf8",
    "utf",
    "8",
    "httpserver",
    "server",
    "no",
)
NAMES = ("read", "readcsv", "onecsv", "httpserver", "csvdate")


@settings(deadline=None, max_examples=30)
@given(catalogues())
@pytest.mark.parametrize("block", [1, 1_000])
def test_what_is_opened_equals_what_is_computed_in_memory(tmp_path_factory, block, entries):
    root = tmp_path_factory.mktemp("index")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "BLOCK", block)
        patch.setattr(postings, "BLOCK", block)
        build(root, entries)
    opened, computed = open_current(root).segment, build_segment(entries, None, None)
    for name in ("ids", "popularity", "has_vector"):
        assert getattr(opened, name).tolist() == getattr(computed, name).tolist()
    assert opened.languages == computed.languages
    assert opened.language_codes.tolist() == computed.language_codes.tolist()
    assert opened.libraries == computed.libraries
    assert opened.library_codes.tolist() == computed.library_codes.tolist()
    assert np.array_equal(opened.vectors, computed.vectors)
    assert np.allclose(opened.crowding, computed.crowding, atol=1e-6)
    for term in WORDS:
        left, right = find_postings(opened.terms, term), find_postings(computed.terms, term)
        assert (left is None) == (right is None)
        if left and right:
            assert left.rows.tolist() == right.rows.tolist()
            assert np.allclose(left.impacts, right.impacts)
            assert left.fields.tolist() == right.fields.tolist()
    for row in range(len(entries)):
        assert opened.terms.top_terms(row) == computed.terms.top_terms(row)
    for key in NAMES:
        assert list(opened.terms.rows_named(key)) == list(computed.terms.rows_named(key))


@settings(deadline=None, max_examples=10)
@given(catalogues())
def test_the_same_functions_have_the_same_digest(tmp_path_factory, entries):
    first, second = (build(tmp_path_factory.mktemp("index"), entries) for _ in range(2))
    assert first.digest == second.digest
    assert first.files == second.files


def test_other_functions_have_another_digest(tmp_path):
    digests = {
        build(tmp_path, entries).digest
        for entries in (
            [],
            [entry(1, "read")],
            [entry(2, "read")],
            [entry(1, "read", vector=[1, 0])],
            [entry(1, "read", vector=[0, 1])],
            [entry(1, "read", language="go")],
            [entry(1, "read", library="one")],
        )
    }
    assert len(digests) == 7


def test_an_empty_catalogue_is_an_index(tmp_path):
    manifest = build(tmp_path, [])
    assert (manifest.documents, manifest.with_vectors, manifest.dimensions) == (0, 0, 0)
    assert len(open_current(tmp_path).segment) == 0


def test_vectors_become_unit_length_and_late_ones_keep_their_rows(tmp_path):
    entries = [entry(1, "a"), entry(2, "b"), entry(3, "c", vector=[3, 4]), entry(4, "d"), entry(5, "e", vector=[0, 0])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "BLOCK", 1)
        manifest = build(tmp_path, entries)
    segment = open_current(tmp_path).segment
    assert manifest.with_vectors == 1
    assert segment.has_vector.tolist() == [False, False, True, False, False]
    assert np.allclose(segment.vectors, [[0, 0], [0, 0], [0.6, 0.8], [0, 0], [0, 0]])


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([entry(1, "a"), entry(1, "b")], "comes twice"),
        ([entry(1, "a", vector=[1, 0]), entry(2, "b", vector=[1, 0, 0])], "dimensions"),
        ([entry(1, "a", vector=[float("nan"), 0])], "no number"),
        ([entry(1, "a", vector=[float("inf"), 0])], "no number"),
    ],
)
def test_wrong_entries_are_refused(tmp_path, entries, message):
    with pytest.raises(ValueError, match=message):
        build(tmp_path, entries)
    assert open_current(tmp_path) is None


def test_hostile_texts_are_indexed(tmp_path):
    strange = "\x00\x07\ud800 名前 word " + "x" * 1_000_000 + "word " * 100_000
    build(
        tmp_path,
        [entry(1, strange, strange, code=strange, keywords=(strange,)), entry(2, "read", vector=[1] * DIMENSIONS)],
    )
    segment = open_current(tmp_path).segment
    assert find_postings(segment.terms, "名前").rows.tolist() == [0]
    assert find_postings(segment.terms, "word").rows.tolist() == [0]
