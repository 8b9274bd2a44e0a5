import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evaluations.metrics.calibration import BINS, Calibration, measure_calibration

pytestmark = pytest.mark.unit

outcomes = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5001, 0.9, 1.0]) | st.floats(0, 1), st.booleans()),
    min_size=1,
    max_size=60,
)


def columns(rows):
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=bool)


def test_bins_hold_equal_numbers_of_cases():
    confidence = np.linspace(0, 1, 100)
    found = measure_calibration(confidence, np.arange(100) % 2 == 0)
    assert [one.cases for one in found.bins] == [10] * 10
    assert found.ece == pytest.approx(np.mean([abs(confidence[at : at + 10].mean() - 0.5) for at in range(0, 100, 10)]))


def test_as_sure_as_right_is_no_error_and_surely_wrong_is_all_of_it():
    assert measure_calibration(np.full(4, 0.75), np.array([True, True, False, True])).ece == pytest.approx(0)
    assert measure_calibration(np.ones(5), np.zeros(5, dtype=bool)).ece == 1


def test_without_cases_there_is_no_error():
    assert measure_calibration(np.array([]), np.array([], dtype=bool)) == Calibration(None, ())


@given(outcomes)
def test_every_case_is_in_one_bin_and_ties_are_not_split(rows):
    confidence, right = columns(rows)
    found = measure_calibration(confidence, right)
    assert sum(one.cases for one in found.bins) == len(rows)
    assert len(found.bins) <= min(BINS, len(set(confidence)))
    ordered, start = np.sort(confidence), 0
    for one in found.bins[:-1]:
        start += one.cases
        assert ordered[start - 1] < ordered[start]
    assert 0 <= found.ece <= 1


@given(outcomes, st.randoms(use_true_random=False))
def test_the_order_of_cases_changes_nothing(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    first, second = measure_calibration(*columns(rows)), measure_calibration(*columns(shuffled))
    assert first.ece == pytest.approx(second.ece)
    assert [one.cases for one in first.bins] == [one.cases for one in second.bins]
