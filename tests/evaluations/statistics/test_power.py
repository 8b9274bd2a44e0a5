import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evaluations.statistics.clusters import gather_clusters
from apps.evaluations.statistics.mcnemar import exact_mcnemar
from apps.evaluations.statistics.power import (
    Noise,
    bound_unseen,
    find_reach,
    measure_noise,
    pairs_to_exclude,
    pairs_to_see,
    smallest_visible,
)
from apps.evaluations.statistics.verdict import Rules

pytestmark = pytest.mark.unit

RULES = Rules(margin=0.01, confidence=0.95, power=0.8)
noises = st.builds(Noise, st.integers(50, 100_000), st.just(0.0), st.floats(0.001, 0.6), st.floats(1, 5))


def test_noise_of_independent_cases_is_their_discordant_share():
    noise = measure_noise(gather_clusters(np.repeat([1.0, -1.0, 0.0], [30, 70, 900]), None), 0.95)
    assert (noise.pairs, noise.seen, noise.spread, noise.design) == (1_000, pytest.approx(0.1), noise.seen, 1)


def test_noise_of_groups_that_move_as_one_is_as_many_times_larger():
    differences = np.repeat([1.0, -1.0, 0.0], [8, 12, 180])
    noise = measure_noise(gather_clusters(differences, np.arange(200) // 4), 0.95)
    assert (noise.spread, noise.design) == (pytest.approx(0.4), 4)


@pytest.mark.parametrize("cases", [20, 300, 10_000])
def test_the_rule_of_three(cases):
    bound = bound_unseen(cases, 0.95)
    assert (1 - bound) ** cases == pytest.approx(0.05)
    assert bound == pytest.approx(3 / cases, rel=0.08)


def test_without_discordant_pairs_as_many_as_may_have_been_missed_are_reckoned_with():
    noise = measure_noise(gather_clusters(np.zeros(300), None), 0.95)
    assert noise.seen == 0
    assert noise.spread == pytest.approx(bound_unseen(300, 0.95))


@given(noises, st.floats(0.002, 0.5))
def test_smaller_differences_higher_power_and_stricter_tests_need_more_pairs(noise, difference):
    needed = pairs_to_see(difference, noise, alpha=0.05, power=0.8)
    assert pairs_to_see(difference / 2, noise, alpha=0.05, power=0.8) > needed
    assert pairs_to_see(difference, noise, alpha=0.05, power=0.9) >= needed
    assert pairs_to_see(difference, noise, alpha=0.01, power=0.8) > needed


@given(noises)
def test_the_smallest_visible_difference_is_the_one_that_needs_all_pairs(noise):
    found = smallest_visible(noise, alpha=0.05, power=0.8)
    assert pairs_to_see(found, noise, alpha=0.05, power=0.8) == pytest.approx(noise.pairs, rel=1e-3)


def test_too_few_pairs_see_nothing():
    assert smallest_visible(Noise(5, 0.4, 0.4, 1), alpha=0.05, power=0.8) is None
    assert smallest_visible(Noise(7, 0.4, 0.4, 1), alpha=0.05, power=0.8) is not None


@pytest.mark.parametrize(("discordant", "difference"), [(0.1, 0.03), (0.3, 0.06), (0.08, 0.08)])
def test_so_many_pairs_do_have_the_power(discordant, difference):
    noise = Noise(1, discordant, discordant, 1)
    pairs = int(pairs_to_see(difference, noise, alpha=0.05, power=0.8))
    random = np.random.default_rng(8)
    shares = [(discordant + difference) / 2, (discordant - difference) / 2, 1 - discordant]
    drawn = random.multinomial(pairs, shares, size=600)
    seen = np.mean([exact_mcnemar(right, wrong) < 0.05 for right, wrong, _ in drawn.tolist()])
    # The exact test, which errs to the safe side, has a little less.
    assert 0.7 < seen < 0.88


def test_pairs_to_exclude_put_the_interval_inside_the_margin():
    noise = Noise(1, 0.1, 0.1, 1)
    pairs = pairs_to_exclude(0.004, 0.01, noise, confidence=0.95)
    assert 0.004 + 1.96 * np.sqrt((0.1 - 0.004**2) / pairs) == pytest.approx(0.01, rel=1e-4)


def test_pairs_to_exclude_are_enough_for_the_rule_of_three():
    assert bound_unseen(pairs_to_exclude(0.0, 0.01, Noise(9, 0.0, 0.3, 1), confidence=0.95), 0.95) == pytest.approx(
        0.01
    )


def test_a_difference_at_the_very_margin_is_out_of_reach():
    differences = np.repeat([-1.0, 0.0], [9_999, 990_001])
    reach = find_reach(gather_clusters(differences, None), RULES, tests=1)
    assert reach.cases_to_settle is None
    assert reach.cases_needed is not None


def test_more_tests_need_more_cases():
    clusters = gather_clusters(np.repeat([-1.0, 1.0, 0.0], [40, 20, 940]), None)
    one, many = (find_reach(clusters, RULES, tests) for tests in (1, 31))
    assert many.smallest_visible > one.smallest_visible
    assert many.cases_needed > one.cases_needed
    assert many.cases_to_settle > one.cases_to_settle
