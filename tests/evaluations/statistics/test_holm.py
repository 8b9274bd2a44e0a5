from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from apps.evaluations.statistics.holm import adjust_holm

pytestmark = pytest.mark.unit


@settings(max_examples=15)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_agrees_with_statsmodels(p_values):
    assert adjust_holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_adjusted_values_keep_their_order_and_only_grow(p_values):
    adjusted = adjust_holm(p_values)
    assert (adjusted >= np.array(p_values)).all()
    assert (np.diff(adjusted[np.argsort(p_values, kind="stable")]) >= 0).all()


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from([1.0, 2.0, 5.0])), min_size=1, max_size=5))
def test_with_weights_a_test_passes_when_every_set_of_tests_with_it_does(rows):
    """The closed test of weighted Bonferroni tests, which Holm's steps are a short cut to."""
    p_values, weights = (list(column) for column in zip(*rows, strict=True))
    places = range(len(rows))
    subsets = [subset for size in places for subset in combinations(places, size + 1)]
    bonferroni = {
        subset: min(p_values[at] * sum(weights[other] for other in subset) / weights[at] for at in subset)
        for subset in subsets
    }
    expected = [min(1.0, max(bonferroni[subset] for subset in subsets if at in subset)) for at in places]
    assert adjust_holm(p_values, weights) == pytest.approx(expected, abs=1e-12)


def test_one_test_needs_no_correction_and_none_gives_none():
    assert adjust_holm([0.03]).tolist() == [0.03]
    assert adjust_holm([]).tolist() == []
