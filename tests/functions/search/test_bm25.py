import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.search.bm25 import (
    DEFAULT_PARAMETERS,
    FIELDS,
    Bm25Parameters,
    average_length,
    compute_impacts,
    count_terms,
    field_texts,
    inverse_document_frequency,
    pack_fields,
    unpack_fields,
)
from apps.functions.search.documents import Document
from apps.functions.search.tokens import analyse

pytestmark = pytest.mark.unit

WORD = st.sampled_from(["read", "write", "file", "csv", "date", "parse", "sort", "list"])
WORDS = st.lists(WORD, max_size=12).map(" ".join)
DOCUMENTS = st.lists(
    st.builds(Document, id=st.just(0), name=WORDS, signature=WORDS, description=WORDS, code=WORDS),
    min_size=1,
    max_size=8,
)


def score_by_hand(term: str, document: Document, documents: list[Document], parameters: Bm25Parameters) -> float:
    """The formula as it is printed, one sum after the other."""
    fields = [analyse(text) for text in field_texts(document)]
    everywhere = [[analyse(text) for text in field_texts(other)] for other in documents]
    frequency = 0.0
    for position, terms in enumerate(fields):
        average = sum(len(other[position]) for other in everywhere) / len(documents)
        b = parameters.lengths[position]
        if term in terms:
            frequency += parameters.weights[position] * terms.count(term) / (1 - b + b * len(terms) / average)
    df = sum(any(term in terms for terms in other) for other in everywhere)
    idf = math.log(1 + (len(documents) - df + 0.5) / (df + 0.5))
    return idf * frequency / (parameters.saturation + frequency)


@settings(deadline=None, max_examples=50)
@given(DOCUMENTS, st.sampled_from([DEFAULT_PARAMETERS, Bm25Parameters((1.0,) * 8, (0.0,) * 8, 1.2)]))
def test_impacts_are_those_of_the_formula(documents, parameters):
    counted = [count_terms(document) for document in documents]
    averages = np.array(
        average_length([sum(one.lengths[f] for one in counted) for f in range(len(FIELDS))], len(documents))
    )
    for one, document in zip(counted, documents, strict=True):
        for term, counts in one.counts.items():
            df = np.array([sum(term in other.counts for other in counted)])
            idf = inverse_document_frequency(df, len(documents))
            [impact] = compute_impacts(np.array([counts]), np.array([one.lengths]), averages, idf, parameters)
            assert impact == pytest.approx(score_by_hand(term, document, documents, parameters), rel=1e-5)
            assert 0 < impact < idf[0]


@settings(deadline=None)
@given(st.integers(1, 10_000), st.data())
def test_rarer_terms_weigh_more_and_none_less_than_nothing(documents, data):
    common = data.draw(st.integers(0, documents))
    rare = data.draw(st.integers(0, common))
    rare_idf, common_idf = inverse_document_frequency(np.array([rare, common]), documents)
    assert rare_idf >= common_idf > 0


def test_terms_are_counted_by_field():
    document = Document(
        id=1,
        name="read_csv",
        signature="read_csv(path)",
        description="Reads a file.",
        keywords=("io",),
        code="open(path)",
        action="read",
        data_type="table",
    )
    counted = count_terms(document)
    assert counted.counts["read"] == (1, 0, 1, 1, 0, 0, 1, 0)
    assert counted.counts["open"] == (0, 1, 0, 0, 0, 1, 0, 0)
    assert counted.counts["io"] == (0, 0, 0, 0, 1, 0, 0, 0)
    assert counted.lengths == (3, 1, 4, 2, 1, 2, 1, 1)


def test_what_the_code_calls_are_its_identifiers():
    document = Document(id=1, name="Reader.load", code="def load(self): return json.loads(self.read())")
    assert field_texts(document)[FIELDS.index("identifiers")] == "loads read"


def test_a_field_of_no_average_length_is_no_division_by_zero():
    [impact] = compute_impacts(np.array([[0, 0, 0, 1, 0, 0, 0, 0]]), np.zeros((1, 8)), np.zeros(8), np.ones(1))
    assert 0 < impact < 1


def test_a_document_without_words_has_no_terms():
    assert count_terms(Document(id=1, name="")).counts == {}
    assert average_length([0] * 8, 0) == (0.0,) * 8


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_fields_survive_packing(counts):
    [bits] = pack_fields(np.array([counts]))
    assert unpack_fields(int(bits)) == tuple(name for name, count in zip(FIELDS, counts, strict=True) if count)
