import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from apps.evaluations.statistics.holm import adjust_holm

pytestmark = pytest.mark.unit


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_agrees_with_statsmodels(p_values):
    assert adjust_holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_adjusted_values_keep_their_order_and_only_grow(p_values):
    adjusted = adjust_holm(p_values)
    assert (adjusted >= np.array(p_values)).all()
    assert (np.diff(adjusted[np.argsort(p_values, kind="stable")]) >= 0).all()


def test_one_test_needs_no_correction_and_none_gives_none():
    assert adjust_holm([0.03]).tolist() == [0.03]
    assert adjust_holm([]).tolist() == []
