import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from apps.inference.semantic.monitor import Checked, Rule, Watch, observe

pytestmark = pytest.mark.unit

RULE = Rule()


@st.composite
def checks(draw: st.DrawFn) -> Checked:
    hits = draw(st.integers(0, 400))
    return Checked(hits, draw(st.integers(0, hits)))


def test_the_bounds_are_those_of_clopper_and_pearson() -> None:
    """At the upper bound, so few false ones have a chance of 5 %; at the lower one, so many."""
    seen = Checked(200, 7)
    assert binom.cdf(7, 200, seen.upper_bound) == pytest.approx(0.05)
    assert binom.sf(6, 200, seen.lower_bound) == pytest.approx(0.05)


def test_no_false_hit_among_59_leaves_a_rate_of_five_in_a_hundred_possible() -> None:
    assert Checked(58, 0).upper_bound > 0.05 > Checked(59, 0).upper_bound


@given(checks())
def test_the_rate_lies_between_its_bounds(seen: Checked) -> None:
    assert 0 <= seen.lower_bound <= seen.rate <= seen.upper_bound <= 1


def test_nothing_checked_bounds_nothing() -> None:
    assert (Checked().rate, Checked().lower_bound, Checked().upper_bound) == (0, 0, 1)


@pytest.mark.parametrize(("hits", "false"), [(1, 2), (3, -1)])
def test_impossible_counts_are_refused(hits: int, false: int) -> None:
    with pytest.raises(ValueError, match="false ones among"):
        Checked(hits, false)


@given(checks(), st.floats(0.5, 0.99))
def test_the_threshold_stays_between_its_ends_and_moves_only_with_evidence(seen: Checked, threshold: float) -> None:
    after = observe(Watch(threshold), seen, RULE)
    assert RULE.least <= after.threshold <= RULE.most
    if after.threshold > threshold:
        assert seen.hits >= RULE.fewest
        assert seen.rate > RULE.target
    if after.threshold < threshold:
        assert seen.hits >= RULE.fewest_to_loosen
        assert seen.upper_bound < RULE.target


@given(st.lists(checks(), max_size=20))
def test_a_tightened_threshold_never_loosens_without_enough_good_hits(seen: list[Checked]) -> None:
    watch = Watch(0.9)
    for one in seen:
        after = observe(watch, one, RULE)
        if after.threshold < watch.threshold:
            assert (watch.checked + one).upper_bound < RULE.target
            assert after.loosened == watch.loosened + 1
        watch = after


def test_a_breach_tightens_and_counts_anew() -> None:
    after = observe(Watch(0.8), Checked(40, 8), RULE)
    assert after == Watch(pytest.approx(0.85), Checked(), tightened=1)


def test_few_false_hits_among_few_are_waited_for() -> None:
    assert observe(Watch(0.8), Checked(19, 19), RULE).threshold == 0.8
    assert observe(Watch(0.8), Checked(20, 2), RULE).threshold == 0.8


def test_between_breach_and_calm_it_stays() -> None:
    assert observe(Watch(0.9), Checked(300, 12), RULE) == Watch(0.9, Checked(300, 12))


def test_batches_add_up_to_a_breach() -> None:
    watch = Watch(0.8)
    for _ in range(4):
        watch = observe(watch, Checked(10, 1), RULE)
    assert watch.threshold > 0.8


def test_many_good_hits_loosen_it_again_by_less_than_a_breach_tightened() -> None:
    tight = observe(Watch(0.8), Checked(40, 8), RULE)
    loose = observe(tight, Checked(400, 2), RULE)
    assert 0.8 < loose.threshold < tight.threshold


def test_it_ends_at_the_strictest() -> None:
    watch = Watch(0.5)
    for _ in range(100):
        watch = observe(watch, Checked(100, 50), RULE)
    assert watch.threshold == RULE.most


@pytest.mark.parametrize("wrong", [{"target": 0}, {"least": 0.9, "most": 0.8}, {"calm": 1}, {"tighten_by": 0}])
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Rule(**wrong)
