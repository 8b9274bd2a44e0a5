import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import isotonic_regression

from apps.inference.semantic.calibration import Calibration, choose_threshold, fit_calibration, pool

pytestmark = pytest.mark.unit

weighted = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 50)), min_size=1, max_size=30)


@given(weighted)
def test_pooling_is_isotonic_regression(given_levels: list[tuple[float, int]]) -> None:
    levels, weights = zip(*given_levels, strict=True)
    np.testing.assert_allclose(pool(levels, weights), isotonic_regression(levels, weights=weights).x, atol=1e-9)


@given(arrays(np.float64, 50, elements=st.floats(-5, 5)), arrays(np.bool_, 50))
def test_a_higher_score_is_never_less_likely(scores: np.ndarray, same: np.ndarray) -> None:
    found = fit_calibration(scores, same).apply(np.sort(scores))
    rounding = 1e-12
    assert (np.diff(found) >= -rounding).all()
    assert -rounding <= found[0] <= found[-1] + rounding <= 1 + 2 * rounding


def test_the_probability_is_the_share_of_the_same() -> None:
    generator = np.random.default_rng(7)
    truth = generator.uniform(size=20_000)
    same = generator.uniform(size=20_000) < truth
    found = fit_calibration(np.log(truth / (1 - truth)), same).apply(np.log(truth / (1 - truth)))
    assert np.abs(found - truth).mean() < 0.02


def test_the_threshold_keeps_errors_at_the_share() -> None:
    probabilities = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    same = np.array([True, True, True, False, True])
    assert choose_threshold(probabilities, same, 0.2) == 0.5
    assert choose_threshold(probabilities, same, 0.1) == 0.7
    assert choose_threshold(probabilities, ~same, 0.1) == 1.0


def test_pairs_of_one_probability_are_hit_together() -> None:
    assert choose_threshold(np.array([0.9, 0.8, 0.8]), np.array([True, True, False]), 0.1) == 0.9


@pytest.mark.parametrize(
    ("scores", "probabilities"),
    [((), ()), ((1.0,), (0.5, 0.6)), ((1.0, 1.0), (0.5, 0.6)), ((1.0, 2.0), (0.6, 0.5)), ((1.0, 2.0), (0.5, 1.5))],
)
def test_a_curve_that_falls_is_refused(scores: tuple[float, ...], probabilities: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="calibration"):
        Calibration(scores, probabilities)


def test_nothing_cannot_be_calibrated_by() -> None:
    with pytest.raises(ValueError, match="nothing"):
        fit_calibration(np.array([]), np.array([], dtype=np.bool_))
