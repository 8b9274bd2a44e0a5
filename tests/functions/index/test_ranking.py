import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.index.overlay import build_segment
from apps.functions.index.ranking import Part, Scope, choose_best, list_allowed, score_part, weigh_terms
from apps.functions.index.segment import Statistics
from apps.functions.search.query import QueryTerm, parse_query
from apps.functions.search.synonyms import SYNONYM_WEIGHT
from tests.functions.index.catalogue import DIMENSIONS, WORD, catalogues, entry, find_postings

pytestmark = pytest.mark.unit


EVERYTHING = Scope()


def statistics_of(segment) -> Statistics:
    return Statistics(len(segment), (), segment.terms.frequency)


def score(segment, terms, vector):
    return score_part(Part(segment, np.ones(len(segment), dtype=np.bool_)), EVERYTHING, terms, vector)


@settings(deadline=None, max_examples=50)
@given(st.lists(catalogues(), min_size=1, max_size=3), st.integers(0, 30), st.data())
def test_the_best_are_those_of_a_full_sort(catalogue, limit, data):
    parts, scores, allowed, everything = [], [], [], []
    for entries in catalogue:
        segment = build_segment(entries, None, None)
        count = len(segment)
        rows = data.draw(st.sets(st.integers(0, count - 1))) if count else set()
        score = data.draw(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=count, max_size=count))
        parts.append(Part(segment, np.ones(count, dtype=np.bool_)))
        scores.append(np.array(score, dtype=np.float32))
        allowed.append(np.array(sorted(rows), dtype=np.int64))
        everything += [(-score[row], -float(segment.popularity[row]), int(segment.ids[row])) for row in rows]
    best = choose_best(parts, scores, allowed, limit)
    found = [
        (-float(scores[part][row]), -float(parts[part].segment.popularity[row]), function)
        for part, row, function in zip(best.parts.tolist(), best.rows.tolist(), best.ids.tolist(), strict=True)
    ]
    assert found == sorted(everything)[:limit]


@settings(deadline=None, max_examples=50)
@given(
    catalogues(min_size=1),
    st.sampled_from([None, "python", "go", "none"]),
    st.sampled_from([None, "lib", "x"]),
    st.data(),
)
def test_what_may_be_found_is_shown_and_in_scope(entries, language, library, data):
    segment, scope = build_segment(entries, None, None), Scope(language, library)
    shown = np.array(data.draw(st.lists(st.booleans(), min_size=len(entries), max_size=len(entries))), dtype=np.bool_)
    wanted = [
        row
        for row, (document, _) in enumerate(entries)
        if shown[row] and language in (None, document.language) and library in (None, document.library)
    ]
    part = Part(segment, shown)
    assert list_allowed(part, scope).tolist() == wanted
    assert part.choose(np.arange(len(entries)), scope).tolist() == wanted


@settings(deadline=None, max_examples=50)
@given(catalogues(min_size=1), st.lists(WORD, min_size=1, max_size=4).map(" ".join), st.booleans())
def test_scores_are_bounded_and_follow_the_words(entries, text, with_vector):
    segment = build_segment(entries, None, None)
    terms = weigh_terms(parse_query(text).terms, statistics_of(segment))
    vector = np.ones(DIMENSIONS, dtype=np.float32) / np.float32(DIMENSIONS**0.5) if with_vector else None
    scores = score(segment, terms, vector)
    for values in (scores.fused, scores.lexical, *([scores.semantic] if with_vector else [])):
        assert values.shape == (len(entries),)
        assert ((values >= 0) & (values <= 1)).all()
    names = [name for term in terms.queries for name in (term.term, *term.synonyms)]
    found = [postings for name in names if (postings := find_postings(segment.terms, name))]
    having = {row for postings in found for row in postings.rows.tolist()}
    assert set(np.flatnonzero(scores.lexical).tolist()) == having


def test_a_synonym_counts_for_part_of_the_word():
    segment = build_segment([entry(1, "delete"), entry(2, "remove"), entry(3, "other")], None, None)
    terms = weigh_terms([QueryTerm("delet", "delete", ("remov",))], statistics_of(segment))
    word, synonym, other = score(segment, terms, None).lexical.tolist()
    assert synonym == pytest.approx(word * SYNONYM_WEIGHT)
    assert other == 0


def test_a_document_with_both_counts_once():
    both = build_segment([entry(1, "delete remove"), entry(2, "x")], None, None)
    terms = weigh_terms([QueryTerm("delet", "delete", ("remov",))], statistics_of(both))
    alone = weigh_terms([QueryTerm("delet", "delete")], statistics_of(both))
    assert score(both, terms, None).lexical[0] == score(both, alone, None).lexical[0]


def test_without_a_vector_a_document_competes_by_its_words():
    segment = build_segment(
        [entry(1, "read_csv", vector=[1, 0]), entry(2, "read_csv"), entry(3, "send_mail", vector=[0, 1])], None, None
    )
    terms = weigh_terms(parse_query("read csv").terms, statistics_of(segment))
    fused = score(segment, terms, np.array([1, 0], dtype=np.float32)).fused
    assert fused[0] > fused[1] > fused[2]
