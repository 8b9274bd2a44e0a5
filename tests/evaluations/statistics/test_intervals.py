from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from apps.evaluations.statistics.clusters import Clusters, gather_clusters
from apps.evaluations.statistics.intervals import bca_interval, find_bounds, leave_one_out, resample_means

pytestmark = pytest.mark.unit

CONFIDENCE = 0.95


def scipy_interval(clusters: Clusters, seed: int, **given):
    """scipy's own, drawing the same groups by the same generator."""
    options = {"n_resamples": 10_000, "rng": np.random.default_rng(seed), "batch": 1_000} | given
    found = stats.bootstrap(
        (clusters.sums, clusters.sizes),
        lambda sums, sizes, axis=-1: sums.sum(axis=axis) / sizes.sum(axis=axis),
        paired=True,
        method="BCa",
        confidence_level=CONFIDENCE,
        vectorized=True,
        **options,
    ).confidence_interval
    return found.low, found.high


@settings(max_examples=15)
@given(st.lists(st.floats(-1, 1), min_size=5, max_size=40), st.integers(0, 3))
def test_agrees_with_scipy(differences, seed):
    assume(len(set(differences)) > 2 and np.ptp(differences) > 1e-6)
    clusters = gather_clusters(np.array(differences), None)
    expected = scipy_interval(clusters, seed)
    assume(np.isfinite(expected).all())
    assert bca_interval(clusters, CONFIDENCE, seed) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 9)), min_size=15, max_size=40), st.integers(0, 3))
def test_agrees_with_scipy_over_groups(rows, seed):
    clusters = gather_clusters(np.array([row[0] for row in rows]), np.array([row[1] for row in rows]))
    assume(len(clusters) > 4 and np.ptp(leave_one_out(clusters)) > 1e-6)
    expected = scipy_interval(clusters, seed)
    assume(np.isfinite(expected).all())
    assert bca_interval(clusters, CONFIDENCE, seed) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_agrees_with_scipy_where_resamples_are_drawn_by_kind():
    clusters = gather_clusters(np.repeat([1.0, -1.0, 0.0], [30, 50, 320]), None)
    drawn = resample_means(clusters, np.random.default_rng(4))
    given = SimpleNamespace(bootstrap_distribution=drawn)
    expected = scipy_interval(clusters, 0, n_resamples=0, bootstrap_result=given)
    ours = find_bounds(drawn, clusters.mean, leave_one_out(clusters), CONFIDENCE)
    assert ours == pytest.approx(expected, rel=1e-9)
    assert bca_interval(clusters, CONFIDENCE, 4) == ours


@pytest.mark.parametrize("sizes", [np.ones(400), np.tile([1.0, 3.0], 200)])
def test_drawing_by_kind_is_drawing_one_by_one(sizes):
    sums = np.repeat([1.0, -1.0, 0.0], [30, 50, 320])
    by_kind = resample_means(Clusters(sums, sizes), np.random.default_rng(0))
    rows = np.random.default_rng(1).integers(0, 400, (10_000, 400))
    one_by_one = sums[rows].sum(axis=1) / sizes[rows].sum(axis=1)
    assert by_kind.mean() == pytest.approx(one_by_one.mean(), abs=4 * one_by_one.std() / 70)
    assert by_kind.std() == pytest.approx(one_by_one.std(), rel=0.04)


@given(st.floats(-1, 1), st.integers(1, 9), st.integers(1, 4))
def test_pairs_that_all_differ_alike_leave_no_room(difference, count, size):
    differences = np.full(count * size, difference)
    groups = np.repeat(np.arange(count), size)
    low, high = bca_interval(gather_clusters(differences, groups), CONFIDENCE, 0)
    assert low == high == pytest.approx(difference)


@settings(max_examples=25)
@given(st.lists(st.sampled_from([-1.0, 0.0, 0.0, 0.25, 1.0]), min_size=1, max_size=60))
def test_bounds_are_finite_and_in_order(differences):
    low, high = bca_interval(gather_clusters(np.array(differences), None), CONFIDENCE, 0)
    assert -1 <= low <= high <= 1


def test_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(6)
    covered = 0
    for _ in range(300):
        low, high = bca_interval(
            gather_clusters(random.choice([-1.0, 0.0, 1.0], 400, p=[0.1, 0.85, 0.05]), None), 0.95, 0
        )
        covered += low <= -0.05 <= high
    assert 0.91 < covered / 300 < 0.985


def test_groups_that_move_together_widen_the_interval():
    random = np.random.default_rng(7)
    groups = np.repeat(np.arange(100), 5)
    differences = random.choice([-1.0, 0.0, 1.0], 100)[groups]
    (low, high), (low_alone, high_alone) = (
        bca_interval(gather_clusters(differences, given), CONFIDENCE, 0) for given in (groups, None)
    )
    assert high - low > 1.8 * (high_alone - low_alone)


def test_a_large_comparison_takes_bounded_memory_and_fewer_resamples():
    clusters = gather_clusters(np.random.default_rng(0).normal(0, 1, 12_000), None)
    assert len(resample_means(clusters, np.random.default_rng(0))) == 20_000_000 // 12_000
