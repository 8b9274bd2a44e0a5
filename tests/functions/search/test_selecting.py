import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.search.selecting import choose_rows, choose_set

pytestmark = pytest.mark.unit

SCORES = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(-3, 3, width=32))
ROWS = st.lists(st.tuples(SCORES, st.sampled_from([0.0, 1.0]), st.booleans()), max_size=40)
"""Of each row its score, its popularity, and whether it is allowed."""


@settings(deadline=None)
@given(ROWS, st.integers(0, 45), st.randoms(use_true_random=False))
def test_the_chosen_are_the_first_of_a_full_sort(rows, limit, random):
    ids = np.array(random.sample(range(1000), len(rows)), dtype=np.int64)
    score, popularity = (np.array([row[column] for row in rows], dtype=np.float32) for column in (0, 1))
    allowed = np.array([number for number, row in enumerate(rows) if row[2]], dtype=np.int64)
    best = sorted(allowed.tolist(), key=lambda row: (-score[row], -popularity[row], ids[row]))[:limit]
    assert choose_rows(score, allowed, popularity, ids, limit).tolist() == best
    assert choose_set(score, allowed, popularity, ids, limit).tolist() == sorted(best)


def test_scores_that_hardly_differ_are_told_apart_among_many():
    random = np.random.default_rng(0)
    score = (np.float32(0.5) + random.permutation(5000).astype(np.float32) * np.float32(1e-7)).astype(np.float32)
    score[0] = -100
    popularity, ids = np.zeros(5000, dtype=np.float32), np.arange(5000, dtype=np.int64)
    best = np.lexsort((ids, -score))[:100].tolist()
    assert choose_rows(score, np.arange(5000), popularity, ids, 100).tolist() == best
