from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from apps.evaluations.statistics.mcnemar import clustered_mcnemar, exact_mcnemar

pytestmark = pytest.mark.unit

counts = st.integers(0, 400)


@given(counts, counts)
def test_agrees_with_statsmodels_and_scipy(newly_right, newly_wrong):
    ours = exact_mcnemar(newly_right, newly_wrong)
    theirs = mcnemar([[9, newly_right], [newly_wrong, 9]], exact=True).pvalue
    assert ours == pytest.approx(min(1.0, theirs), rel=1e-9)
    if newly_right + newly_wrong:
        assert ours == pytest.approx(stats.binomtest(newly_right, newly_right + newly_wrong).pvalue, rel=1e-12)


def test_without_discordant_pairs_nothing_is_shown():
    assert exact_mcnemar(0, 0) == 1
    assert clustered_mcnemar(np.zeros(5)) == 1


@given(counts, counts, st.integers(0, 9))
def test_groups_of_one_are_the_ordinary_test(newly_right, newly_wrong, unchanged):
    sums = np.repeat([1.0, -1.0, 0.0], [newly_right, newly_wrong, unchanged])
    assert clustered_mcnemar(sums) == pytest.approx(exact_mcnemar(newly_right, newly_wrong), rel=1e-9)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_is_the_share_of_all_signs_as_extreme(sums):
    changed = [value for value in sums if value]
    totals = [
        abs(sum(a * b for a, b in zip(signs, changed, strict=True))) for signs in product((1, -1), repeat=len(changed))
    ]
    expected = np.mean([total >= abs(sum(changed)) for total in totals])
    assert clustered_mcnemar(np.array(sums, dtype=float)) == pytest.approx(expected, rel=1e-9)


def test_cases_that_move_together_show_less_than_as_many_alone():
    assert clustered_mcnemar(np.full(3, -5.0)) == pytest.approx(0.25)
    assert clustered_mcnemar(np.full(15, -1.0)) < 0.001


def test_only_right_and_wrong_are_counted():
    with pytest.raises(ValueError, match="whole numbers"):
        clustered_mcnemar(np.array([0.5]))
