from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.inference.performance.latency import Latency

pytestmark = pytest.mark.unit

BOUNDS = (1.0, 10.0, 100.0)
COUNTS = st.lists(st.integers(0, 50), min_size=4, max_size=4)


def test_they_are_interpolated_between_the_bounds() -> None:
    latency = Latency(BOUNDS, [0, 10, 0, 0], 55.0)
    assert latency.percentile(0.5) == pytest.approx(5.5)
    assert latency.mean == 5.5
    assert Latency(BOUNDS, [0, 0, 0, 3], 900.0).percentile(0.5) == 100.0


def test_of_nothing_there_is_none() -> None:
    assert Latency(BOUNDS, [0, 0, 0, 0], 0.0).as_dict() == dict.fromkeys(("mean", "p50", "p95", "p99"))


@given(COUNTS)
def test_higher_percentiles_are_no_lower(counts: list[int]) -> None:
    latency = Latency(BOUNDS, counts, 1.0)
    found = [latency.percentile(share / 20) for share in range(1, 21)]
    if sum(counts):
        assert all(low <= high for low, high in pairwise(found))  # type: ignore[operator]
        assert 0 <= found[0] <= found[-1] <= BOUNDS[-1]  # type: ignore[operator]
    else:
        assert not any(found)


@given(COUNTS)
def test_fewer_bounds_count_the_same(counts: list[int]) -> None:
    fewer = Latency(BOUNDS, counts, 1.0).coarsen((10.0,))
    assert fewer.counts == [counts[0] + counts[1], counts[2] + counts[3]]


@given(COUNTS, COUNTS)
def test_sums_count_all(one: list[int], other: list[int]) -> None:
    both = Latency(BOUNDS, one, 1.0).plus(Latency(BOUNDS, other, 2.0))
    assert both.calls == sum(one) + sum(other)
    assert both.total_ms == 3.0
