import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.evaluations.statistics import Moved, PairedColumns, Verdict, compare_pairs
from apps.evaluations.statistics.mcnemar import exact_mcnemar

pytestmark = pytest.mark.unit


def make_pairs(newly_right: int, newly_wrong: int, right: int, wrong: int) -> tuple[np.ndarray, np.ndarray]:
    """Right and wrong before and after."""
    counts = [newly_right, newly_wrong, right, wrong]
    return np.repeat([False, True, True, False], counts), np.repeat([True, False, True, False], counts)


def compare(both, margin=0.02, slices=None, groups=None, **given):
    return compare_pairs(
        PairedColumns({"accuracy": both}, groups), primary="accuracy", margin=margin, slices=slices or {}, **given
    )


def first(count: int, pairs: int) -> np.ndarray:
    return np.arange(pairs) < count


class TestVerdict:
    def test_a_large_drop_is_worse(self):
        found = compare(make_pairs(10, 60, 700, 230))
        assert found.verdict is Verdict.WORSE
        assert (found.newly_right, found.newly_wrong) == (10, 60)
        assert found.measures["accuracy"].difference == pytest.approx(-0.05)
        assert found.p_adjusted == found.measures["accuracy"].p_value == exact_mcnemar(10, 60)
        assert found.cases_more == 0
        assert found.reasons[0].startswith("accuracy fell by 5 points, from 76.0 % to 71.0 %")

    def test_a_large_gain_is_better(self):
        found = compare(make_pairs(60, 10, 700, 230))
        assert found.verdict is Verdict.BETTER
        assert found.reasons[0].startswith("accuracy rose by 5 points")

    def test_a_sure_drop_below_the_margin_is_no_difference_that_matters(self):
        found = compare(make_pairs(10, 60, 7000, 2930))
        assert found.p_adjusted < 0.001
        assert found.verdict is Verdict.NO_DIFFERENCE
        assert "less than the margin of 2 points" in found.reasons[0]

    def test_a_drop_that_may_be_chance_is_not_enough(self):
        found = compare(make_pairs(3, 8, 70, 19))
        assert found.verdict is Verdict.NOT_ENOUGH_CASES
        assert found.cases_more > 0
        assert len(found.reasons) == 3
        assert f"about {found.cases_more:,} more cases would settle it" in found.reasons[2]

    @pytest.mark.parametrize(
        ("pairs", "verdict"),
        [(5, Verdict.NOT_ENOUGH_CASES), (100, Verdict.NOT_ENOUGH_CASES), (200, Verdict.NO_DIFFERENCE)],
    )
    def test_equal_runs_are_equal_when_they_are_enough_for_the_rule_of_three(self, pairs, verdict):
        found = compare(make_pairs(0, 0, pairs - 2, 2))
        assert found.verdict is verdict
        total = found.measures["accuracy"]
        assert (total.low, total.high, total.p_value, total.effect_size) == (0, 0, 1, None)

    def test_as_many_more_equal_pairs_as_it_says_settle_it(self):
        more = compare(make_pairs(0, 0, 100, 0)).cases_more
        assert compare(make_pairs(0, 0, 100 + more, 0)).verdict is Verdict.NO_DIFFERENCE
        assert compare(make_pairs(0, 0, 100 + more - 1, 0)).verdict is Verdict.NOT_ENOUGH_CASES

    def test_one_pair_decides_nothing(self):
        found = compare(make_pairs(0, 1, 0, 0))
        assert found.verdict is Verdict.NOT_ENOUGH_CASES
        assert found.smallest_visible is None
        assert found.reasons[1] == "1 pair would not even show a change of every case"


class TestSlices:
    BOTH = make_pairs(100, 60, 1700, 140)
    """Better in total; all that is newly wrong comes after all that is newly right."""

    def test_a_slice_that_is_worse_makes_the_whole_worse(self):
        mask = np.zeros(2_000, dtype=bool)
        mask[100:400] = True
        found = compare(self.BOTH, slices={("language", "go"): mask})
        assert found.measures["accuracy"].difference > 0
        assert found.slices[0].moved is Moved.WORSE
        assert found.slices[0].pairs == 300
        assert found.verdict is Verdict.WORSE
        assert any(reason.startswith("language go: accuracy fell by 20 points") for reason in found.reasons)

    def test_a_slice_that_is_worse_alone_may_not_be_among_many(self):
        before, after = np.ones(2_000, dtype=bool), np.ones(2_000, dtype=bool)
        after[:9] = False
        parts = {("tag", str(number)): np.arange(2_000) // 100 == number for number in range(20)}
        alone = compare((before, after), slices={("tag", "0"): parts["tag", "0"]})
        among = compare((before, after), slices=parts)
        p_value = exact_mcnemar(0, 9)
        assert alone.slices[0].p_adjusted == pytest.approx(2 * p_value)
        assert alone.verdict is Verdict.WORSE
        assert (among.tests, among.slices[0].p_adjusted) == (21, pytest.approx(20 * p_value))
        assert among.p_adjusted == pytest.approx(2 * p_value)

    def test_a_slice_is_named_in_words(self):
        mask = np.zeros(2_000, dtype=bool)
        mask[100:400] = True
        found = compare(self.BOTH, slices={("made_by", "typo"): mask})
        assert any(reason.startswith("made by typo: accuracy fell") for reason in found.reasons)

    def test_the_total_weighs_as_much_as_all_slices(self):
        both = make_pairs(4, 16, 380, 0)
        parts = {("tag", str(number)): np.arange(400) % 20 == number for number in range(20)}
        alone, among = compare(both), compare(both, slices=parts)
        assert among.p_adjusted == pytest.approx(2 * alone.p_adjusted)
        assert among.verdict is Verdict.WORSE
        assert max(one.p_adjusted for one in among.slices) == 1

    def test_a_slice_of_a_few_pairs_is_not_looked_at(self):
        found = compare(self.BOTH, slices={("tag", "rare"): first(9, 2_000), ("tag", "common"): first(10, 2_000)})
        assert [one.value for one in found.slices] == ["common"]
        assert (found.small_slices, found.tests) == (1, 2)

    def test_slices_of_the_same_pairs_are_one_test(self):
        part = first(500, 2_000)
        slices = {("a", "x"): part, ("b", "y"): part.copy(), ("language", "python"): np.ones(2_000, dtype=bool)}
        found = compare(self.BOTH, slices=slices)
        assert found.tests == 2
        assert found.slices[0].p_adjusted == found.slices[1].p_adjusted
        assert found.slices[2].p_adjusted == found.p_adjusted
        assert found.slices[2].primary == found.measures["accuracy"]

    def test_slices_say_whether_they_moved_did_not_or_cannot_tell(self):
        before, after = np.ones(1_000, dtype=bool), np.ones(1_000, dtype=bool)
        before[:50] = after[900:903] = False
        slices = {
            ("tag", "gained"): first(200, 1_000),
            ("tag", "same"): first(900, 1_000) & ~first(200, 1_000),
            ("tag", "few"): ~first(950, 1_000),
        }
        found = compare((before, after), slices=slices)
        assert [one.moved for one in found.slices] == [Moved.BETTER, Moved.NO, Moved.UNKNOWN]

    def test_most_slices_are_named_and_the_rest_counted(self):
        both = make_pairs(0, 400, 600, 0)
        order = np.random.default_rng(0).permutation(1_000)
        slices = {("tag", str(number)): order % 8 == number for number in range(8)}
        reasons = compare(both, slices=slices).reasons
        assert sum(reason.startswith("tag ") for reason in reasons) == 5
        assert reasons[-1] == "so did accuracy in 3 more slices"


class TestLatency:
    RANDOM = np.random.default_rng(2)
    BEFORE = RANDOM.lognormal(2, 0.5, 400)
    BOTH = make_pairs(0, 0, 390, 10)

    def columns(self, after):
        return PairedColumns({"accuracy": self.BOTH, "latency_ms": (self.BEFORE, after)})

    def compare(self, after, **given):
        return compare_pairs(self.columns(after), primary="accuracy", margin=0.02, slices={}, **given)

    def test_slower_by_its_margin_is_worse(self):
        found = self.compare(self.BEFORE * 1.5, latency_margin=0.2)
        assert found.verdict is Verdict.WORSE
        assert found.tests == 2
        assert found.measures["latency_ms"].relative == pytest.approx(0.5)
        assert found.reasons[0].startswith("cases take 50 % longer")

    @pytest.mark.parametrize(("factor", "margin"), [(1.5, None), (1.5, 0.6), (1.1, 0.2), (0.5, 0.2)])
    def test_slower_by_less_or_without_a_margin_is_not(self, factor, margin):
        assert self.compare(self.BEFORE * factor, latency_margin=margin).verdict is Verdict.NO_DIFFERENCE

    def test_slower_by_chance_is_not(self):
        after = self.BEFORE.copy()
        after[0] += self.BEFORE.sum()
        found = self.compare(after, latency_margin=0.2)
        assert found.measures["latency_ms"].relative == pytest.approx(1)
        assert found.verdict is Verdict.NO_DIFFERENCE

    def test_a_margin_needs_latencies(self):
        with pytest.raises(ValueError, match="latency_ms"):
            compare(self.BOTH, latency_margin=0.2)


class TestGroups:
    def test_groups_of_one_give_the_same_comparison(self):
        both = make_pairs(30, 50, 300, 120)
        groups = np.random.default_rng(0).permutation(500)
        slices = {("tag", "a"): first(200, 500)}
        assert compare(both, groups=groups, slices=slices).as_dict() == compare(both, slices=slices).as_dict()

    def test_variants_of_one_question_are_not_evidence_of_their_own(self):
        groups = np.arange(40)
        both = make_pairs(2, 10, 20, 8)
        alone = compare(both, margin=0.05)
        repeated = compare(tuple(np.repeat(values, 5) for values in both), margin=0.05, groups=np.repeat(groups, 5))
        assert repeated.measures["accuracy"].method == "clustered_mcnemar"
        assert repeated.measures["accuracy"].p_value == pytest.approx(alone.measures["accuracy"].p_value)
        assert repeated.measures["accuracy"].low == pytest.approx(alone.measures["accuracy"].low, abs=0.03)
        assert repeated.cases_needed == pytest.approx(5 * alone.cases_needed, rel=0.001)
        assert repeated.smallest_visible == pytest.approx(alone.smallest_visible)
        assert (repeated.newly_right, repeated.newly_wrong) == (10, 50)


class TestOtherMeasures:
    RANDOM = np.random.default_rng(4)
    RELEVANCE = RANDOM.random(300)

    def test_a_primary_of_more_than_right_and_wrong_has_no_discordant_pairs(self):
        both = self.RELEVANCE, np.clip(self.RELEVANCE - 0.1, 0, 1)
        found = compare_pairs(PairedColumns({"mean_relevance": both}), primary="mean_relevance", margin=0.02, slices={})
        assert found.verdict is Verdict.WORSE
        assert found.newly_right is found.newly_wrong is found.cohens_g is found.odds_ratio is None
        assert found.measures["mean_relevance"].method == "sign_flip"
        assert found.reasons[0].startswith("mean relevance fell by")

    def test_equal_scores_are_no_difference(self):
        both = self.RELEVANCE, self.RELEVANCE.copy()
        found = compare_pairs(PairedColumns({"mrr_at_10": both}), primary="mrr_at_10", margin=0.02, slices={})
        assert found.verdict is Verdict.NO_DIFFERENCE


class TestInput:
    def test_a_primary_that_is_not_measured(self):
        with pytest.raises(ValueError, match="recall is none of the measures accuracy"):
            compare_pairs(PairedColumns({"accuracy": make_pairs(1, 1, 1, 1)}), primary="recall", margin=0.1, slices={})

    def test_a_primary_beyond_1(self):
        with pytest.raises(ValueError, match="from 0 to 1"):
            compare((np.array([0.0, 2.0]), np.array([0.0, 1.0])))

    def test_no_pairs(self):
        with pytest.raises(ValueError, match="above 0"):
            compare((np.array([]), np.array([])))

    def test_lengths_that_differ(self):
        both = make_pairs(1, 1, 10, 1)
        for wrong in ({"groups": np.zeros(3, dtype=int)}, {"slices": {("a", "b"): np.ones(4, dtype=bool)}}):
            with pytest.raises(ValueError, match="one length"):
                compare(both, **wrong)

    @pytest.mark.parametrize("margin", [0.0, -0.1, 1.0])
    def test_margins_that_are_none(self, margin):
        with pytest.raises(ValueError, match="margin"):
            compare(make_pairs(1, 1, 10, 1), margin=margin)


counts = st.tuples(*[st.integers(0, 40)] * 4).filter(sum)


@settings(max_examples=30, deadline=None)
@given(counts, st.sampled_from([0.01, 0.05, 0.2]))
def test_turning_the_runs_round_turns_the_verdict_round(drawn, margin):
    both = make_pairs(*drawn)
    there, back = compare(both, margin=margin), compare(both[::-1], margin=margin)
    turned = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
    # Whether an interval is just inside the margin may hang on the resamples, which are not drawn in mirror image.
    if Verdict.NO_DIFFERENCE not in (there.verdict, back.verdict):
        assert back.verdict is turned.get(there.verdict, there.verdict)
    assert back.measures["accuracy"].p_value == pytest.approx(there.measures["accuracy"].p_value)
    assert back.cases_needed == there.cases_needed
    json.dumps(there.as_dict(), allow_nan=False)


def test_the_same_seed_gives_the_same_comparison_and_another_one_other_draws():
    random = np.random.default_rng(9)
    columns = PairedColumns({"mrr_at_10": (random.random(100), random.random(100))})
    one, same, other = (
        compare_pairs(columns, primary="mrr_at_10", margin=0.1, slices={}, seed=seed).as_dict() for seed in (1, 1, 2)
    )
    assert one == same
    assert one["measures"] != other["measures"]


def test_more_of_the_same_makes_surer():
    found = [compare(make_pairs(2 * times, 6 * times, 80 * times, 12 * times)) for times in (1, 3, 10, 40)]
    for fewer, more in pairwise(found):
        assert more.p_adjusted < fewer.p_adjusted
        assert more.smallest_visible < fewer.smallest_visible
    assert found[0].verdict is Verdict.NOT_ENOUGH_CASES
    assert found[-1].verdict is Verdict.WORSE
