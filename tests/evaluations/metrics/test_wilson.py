import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from apps.evaluations.metrics.wilson import wilson_interval

pytestmark = pytest.mark.unit


@given(st.integers(1, 20_000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_agrees_with_scipy_and_statsmodels(counts):
    successes, trials = counts
    ours = wilson_interval(successes, trials)
    theirs = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert ours == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert ours == pytest.approx(proportion_confint(successes, trials, method="wilson"), abs=1e-9)
    assert 0 <= ours[0] <= successes / trials <= ours[1] <= 1


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (2, 1), (-1, 5)])
def test_what_is_no_share_is_refused(successes, trials):
    with pytest.raises(ValueError, match="no share"):
        wilson_interval(successes, trials)
