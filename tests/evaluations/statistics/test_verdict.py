import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evaluations.statistics.differences import Difference
from apps.evaluations.statistics.verdict import Moved, Rules, Verdict, decide_verdict, is_slower, judge_move

pytestmark = pytest.mark.unit

RULES = Rules(margin=0.02, confidence=0.95, power=0.8, latency_margin=0.2)


def make_difference(difference=0.0, low=None, high=None, relative=None) -> Difference:
    return Difference(
        before=0.5,
        after=0.5 + difference,
        difference=difference,
        low=difference if low is None else low,
        high=difference if high is None else high,
        relative=relative,
        p_value=0.5,
        effect_size=None,
        method="mcnemar",
    )


@pytest.mark.parametrize(
    ("difference", "p_adjusted", "moved"),
    [
        (make_difference(-0.03, -0.04, -0.01), 0.01, Moved.WORSE),
        (make_difference(-0.02, -0.03, -0.01), 0.049, Moved.WORSE),
        (make_difference(0.03, 0.01, 0.05), 0.01, Moved.BETTER),
        (make_difference(-0.03, -0.07, 0.01), 0.05, Moved.UNKNOWN),
        (make_difference(-0.01, -0.015, -0.005), 0.001, Moved.NO),
        (make_difference(-0.01, -0.025, 0.005), 0.2, Moved.UNKNOWN),
        (make_difference(0.0, -0.01, 0.02), 0.9, Moved.UNKNOWN),
        (make_difference(), 1.0, Moved.NO),
    ],
)
def test_a_move_needs_significance_and_margin_and_no_move_an_interval_inside(difference, p_adjusted, moved):
    assert judge_move(difference, p_adjusted, 0.001, RULES) is moved


def test_too_few_equal_pairs_rule_nothing_out():
    assert judge_move(make_difference(), 1.0, 0.02, RULES) is Moved.UNKNOWN


@pytest.mark.parametrize(
    ("relative", "p_adjusted", "slower"),
    [(0.2, 0.01, True), (0.19, 0.01, False), (0.3, 0.06, False), (-0.5, 0.01, False), (None, 0.01, False)],
)
def test_slower_needs_significance_and_margin(relative, p_adjusted, slower):
    assert is_slower(make_difference(relative=relative), p_adjusted, RULES) is slower


def test_without_a_margin_nothing_is_slower():
    assert not is_slower(make_difference(relative=9.0), 0.001, Rules(0.02, 0.95, 0.8))


@pytest.mark.parametrize(
    ("total", "slices", "slower", "verdict"),
    [
        (Moved.WORSE, [Moved.BETTER], False, Verdict.WORSE),
        (Moved.BETTER, [Moved.NO, Moved.WORSE], False, Verdict.WORSE),
        (Moved.NO, [Moved.WORSE], False, Verdict.WORSE),
        (Moved.NO, [], True, Verdict.WORSE),
        (Moved.BETTER, [Moved.UNKNOWN], False, Verdict.BETTER),
        (Moved.NO, [Moved.BETTER, Moved.UNKNOWN], False, Verdict.NO_DIFFERENCE),
        (Moved.UNKNOWN, [Moved.BETTER], False, Verdict.NOT_ENOUGH_CASES),
    ],
)
def test_what_the_moves_come_to(total, slices, slower, verdict):
    assert decide_verdict(total, slices, slower=slower) is verdict


@given(st.floats(-0.1, 0.1), st.floats(0, 0.05), st.floats(0, 1), st.floats(0.0001, 0.1))
def test_turning_the_runs_round_turns_the_move_round(difference, reach, p_adjusted, unseen):
    turned = {Moved.BETTER: Moved.WORSE, Moved.WORSE: Moved.BETTER}
    there = judge_move(make_difference(difference, difference - reach, difference + reach), p_adjusted, unseen, RULES)
    back = judge_move(make_difference(-difference, -difference - reach, -difference + reach), p_adjusted, unseen, RULES)
    assert back is turned.get(there, there)


@pytest.mark.parametrize(
    ("rules", "named"),
    [((0.0, 0.95, 0.8), "margin"), ((0.1, 1.0, 0.8), "confidence"), ((0.1, 0.9, 0.8, -1.0), "latency_margin")],
)
def test_margins_that_are_none_are_refused(rules, named):
    with pytest.raises(ValueError, match=named):
        Rules(*rules)
