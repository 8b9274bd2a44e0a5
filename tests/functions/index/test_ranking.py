import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.index.overlay import build_segment
from apps.functions.index.ranking import Part, choose_best, score_segment, weigh_terms
from apps.functions.index.segment import Statistics
from apps.functions.search.query import QueryTerm, parse_query
from apps.functions.search.synonyms import SYNONYM_WEIGHT
from tests.functions.index.catalogue import DIMENSIONS, WORD, catalogues, entry

pytestmark = pytest.mark.unit


def statistics_of(segment) -> Statistics:
    def frequency(term: str) -> int:
        postings = segment.terms.postings(term)
        return len(postings.rows) if postings else 0

    return Statistics(len(segment), (), frequency)


@settings(deadline=None, max_examples=50)
@given(st.lists(catalogues(), min_size=1, max_size=3), st.integers(0, 30), st.data())
def test_the_best_are_those_of_a_full_sort(catalogue, limit, data):
    parts, scores, everything = [], [], []
    for entries in catalogue:
        segment = build_segment(entries, None, None)
        count = len(segment)
        shown = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)), dtype=np.bool_)
        score = data.draw(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=count, max_size=count))
        parts.append(Part(segment, shown))
        scores.append(np.array(score, dtype=np.float32))
        everything += [
            (-score[row], -float(segment.popularity[row]), int(segment.ids[row])) for row in range(count) if shown[row]
        ]
    best = choose_best(parts, scores, limit)
    found = [
        (
            -float(scores[place.part][place.row]),
            -float(parts[place.part].segment.popularity[place.row]),
            int(parts[place.part].segment.ids[place.row]),
        )
        for place in best
    ]
    assert found == sorted(everything)[:limit]


@settings(deadline=None, max_examples=50)
@given(catalogues(min_size=1), st.lists(WORD, min_size=1, max_size=4).map(" ".join), st.booleans())
def test_scores_are_bounded_and_follow_the_words(entries, text, with_vector):
    segment = build_segment(entries, None, None)
    terms = weigh_terms(parse_query(text).terms, statistics_of(segment))
    vector = np.ones(DIMENSIONS, dtype=np.float32) / np.float32(DIMENSIONS**0.5) if with_vector else None
    scores = score_segment(segment, terms, vector)
    for values in (scores.fused, scores.lexical, *([scores.semantic] if with_vector else [])):
        assert values.shape == (len(entries),)
        assert ((values >= 0) & (values <= 1)).all()
    names = [name for term in terms for name in (term.query.term, *term.query.synonyms)]
    found = [postings for name in names if (postings := segment.terms.postings(name))]
    having = {row for postings in found for row in postings.rows.tolist()}
    assert set(np.flatnonzero(scores.lexical).tolist()) == having


def test_a_synonym_counts_for_part_of_the_word():
    segment = build_segment([entry(1, "delete"), entry(2, "remove"), entry(3, "other")], None, None)
    terms = weigh_terms([QueryTerm("delet", "delete", ("remov",))], statistics_of(segment))
    word, synonym, other = score_segment(segment, terms, None).lexical.tolist()
    assert synonym == pytest.approx(word * SYNONYM_WEIGHT)
    assert other == 0


def test_a_document_with_both_counts_once():
    both = build_segment([entry(1, "delete remove"), entry(2, "x")], None, None)
    terms = weigh_terms([QueryTerm("delet", "delete", ("remov",))], statistics_of(both))
    alone = weigh_terms([QueryTerm("delet", "delete")], statistics_of(both))
    assert score_segment(both, terms, None).lexical[0] == score_segment(both, alone, None).lexical[0]


def test_without_a_vector_a_document_competes_by_its_words():
    segment = build_segment(
        [entry(1, "read_csv", vector=[1, 0]), entry(2, "read_csv"), entry(3, "send_mail", vector=[0, 1])], None, None
    )
    terms = weigh_terms(parse_query("read csv").terms, statistics_of(segment))
    fused = score_segment(segment, terms, np.array([1, 0], dtype=np.float32)).fused
    assert fused[0] > fused[1] > fused[2]
