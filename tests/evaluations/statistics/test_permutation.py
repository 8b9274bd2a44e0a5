import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from apps.evaluations.statistics.mcnemar import exact_mcnemar
from apps.evaluations.statistics.permutation import EXACT_UP_TO, FLIPS, flip_signs, sign_flip_test

pytestmark = pytest.mark.unit

RANDOM = np.random.default_rng(5)


@given(st.lists(st.floats(-1, 1).filter(lambda value: abs(value) > 1e-6), min_size=2, max_size=8))
def test_few_differences_agree_with_scipy(differences):
    sums = np.array(differences)
    theirs = stats.permutation_test((sums,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert sign_flip_test(sums, seed=0) == pytest.approx(theirs, abs=1e-9)


@given(st.integers(0, 6), st.integers(0, 6))
def test_few_right_and_wrong_answers_agree_with_mcnemar(newly_right, newly_wrong):
    sums = np.repeat([1.0, -1.0, 0.0], [newly_right, newly_wrong, 40])
    assert sign_flip_test(sums, seed=0) == pytest.approx(exact_mcnemar(newly_right, newly_wrong), abs=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.5])
def test_many_differences_come_as_near_as_their_number_of_flips_lets_them(shift):
    sums = RANDOM.normal(shift, 1, EXACT_UP_TO + 2)
    exact = stats.permutation_test((sums,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    error = np.sqrt(exact * (1 - exact) / FLIPS)
    assert abs(sign_flip_test(sums, seed=1) - exact) < 4 * error + 1 / FLIPS


def test_many_right_and_wrong_answers_come_near_mcnemar():
    exact = exact_mcnemar(60, 85)
    sums = np.repeat([1.0, -1.0], [60, 85])
    assert abs(sign_flip_test(sums, seed=2) - exact) < 4 * np.sqrt(exact / FLIPS)


def test_the_least_p_value_is_one_flip_and_is_the_same_both_ways():
    sums = RANDOM.uniform(0.5, 1, 200)
    assert sign_flip_test(sums, seed=0) == sign_flip_test(-sums, seed=0) == 1 / (FLIPS + 1)


def test_no_change_shows_nothing():
    assert sign_flip_test(np.zeros(9), seed=0) == 1


def test_what_did_not_change_changes_nothing():
    sums = RANDOM.normal(0.1, 1, 60)
    assert sign_flip_test(sums, seed=3) == sign_flip_test(np.insert(sums, [3, 30], 0.0), seed=3)


@pytest.mark.parametrize("count", [14, 1_000, 1_003])
def test_flipped_totals_are_distributed_as_sums_of_fair_signs(count):
    sums = RANDOM.normal(0, 1, count)
    totals = flip_signs(sums, np.random.default_rng(0))
    assert totals.shape == (FLIPS,)
    spread = np.sqrt((sums**2).sum())
    assert abs(totals.mean()) < 4 * spread / np.sqrt(FLIPS)
    assert totals.std() == pytest.approx(spread, rel=0.04)


def test_every_group_has_a_sign_of_its_own():
    powers = 2.0 ** np.arange(20)
    totals = flip_signs(powers, np.random.default_rng(0))
    signs = ((totals + powers.sum()) / 2).astype(np.int64)[:, None] >> np.arange(20) & 1
    assert ((totals + powers.sum()) / 2 == (signs * powers).sum(axis=1)).all()
    assert abs(signs.mean(axis=0) - 0.5).max() < 0.03
    assert abs(np.corrcoef(signs.T) - np.eye(20)).max() < 0.05
