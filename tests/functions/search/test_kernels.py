import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.search.kernels import ALIKE, OWN, match_fields, measure_rows, measure_some, score_words, sum_impacts

pytestmark = pytest.mark.unit

ROWS = 6
SYNONYM_WEIGHT = np.float32(0.5)
POSTINGS = st.dictionaries(
    st.integers(0, ROWS - 1), st.tuples(st.sampled_from([0.25, 0.5, 1.0]), st.integers(1, 255)), max_size=ROWS
)
TERMS = st.lists(st.lists(POSTINGS, min_size=1, max_size=3), max_size=4)
"""For each term its own postings and those of its synonyms: row -> (impact, fields)."""


def pack(terms):
    """Rows, impacts, fields and lists as the kernels take them."""
    lists, found = [], []
    for number, each in enumerate(terms):
        for place, postings in enumerate(each):
            lists.append((len(found), len(found) + len(postings), number, ALIKE if place else OWN))
            found += [(row, *postings[row]) for row in sorted(postings)]
    rows, impacts, fields = zip(*found, strict=True) if found else ((), (), ())
    return (
        np.array(rows, dtype=np.int32),
        np.array(impacts, dtype=np.float32),
        np.array(fields, dtype=np.uint8),
        np.array(lists, dtype=np.int64).reshape(-1, 4),
    )


@settings(deadline=None)
@given(TERMS, st.sampled_from([0.3, 1.0]))
def test_a_term_adds_its_own_impact_or_the_best_of_its_synonyms(terms, weight):
    rows, impacts, _, lists = pack(terms)
    weights = np.full(len(terms), weight, dtype=np.float32)
    total = sum_impacts(ROWS, rows, impacts, lists, weights, SYNONYM_WEIGHT)
    for row in range(ROWS):
        added = []
        for own, *others in terms:
            alike = [min(other[row][0], weight) * float(SYNONYM_WEIGHT) for other in others if row in other]
            added.append(max([own[row][0], *alike] if row in own else alike, default=0))
        assert total[row] == pytest.approx(sum(added))
    possible = np.float32(1.5 if terms else 0)
    shares = score_words(ROWS, rows, impacts, lists, weights, SYNONYM_WEIGHT, possible)
    assert shares.tolist() == (np.minimum(total / possible, 1) if terms else total).tolist()


@settings(deadline=None)
@given(TERMS, st.sets(st.integers(0, ROWS + 2)).map(list))
def test_fields_are_those_of_the_candidates_in_the_lists(terms, candidates):
    rows, _, fields, lists = pack(terms)
    own, alike = match_fields(np.array(candidates, dtype=np.int64), rows, fields, lists, len(terms))
    for number, (itself, *others) in enumerate(terms):
        for place, row in enumerate(candidates):
            bits = 0
            for postings in others:
                bits |= postings[row][1] if row in postings else 0
            assert own[number, place] == (itself[row][1] if row in itself else 0)
            assert alike[number, place] == bits


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(1, 40), st.integers(0, 1000))
def test_products_are_those_of_whole_matrices(count, dimensions, seed):
    random = np.random.default_rng(seed)
    rows = random.uniform(-0.3, 0.3, (count, dimensions)).astype(np.float32)
    vector = random.uniform(-1, 1, dimensions).astype(np.float32)
    products = np.clip(rows @ vector, 0, 1)
    chosen = random.permutation(count)[: count // 2 + 1].astype(np.int64)
    assert measure_rows(rows, vector) == pytest.approx(products, abs=1e-5)
    assert measure_some(rows, chosen, vector).tolist() == measure_rows(rows, vector)[chosen].tolist()
    assert measure_rows(np.full((1, 2), 127, dtype=np.int8), np.full(2, 0.001, dtype=np.float32)) == pytest.approx(
        0.254
    )
