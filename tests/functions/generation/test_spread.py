from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.functions.generation.spread import Part, apportion, apportion_in_order

pytestmark = pytest.mark.unit

WEIGHTS = st.lists(st.integers(1, 1000), min_size=1, max_size=12)


@given(st.integers(0, 5000), WEIGHTS)
def test_shares_add_up_and_are_off_by_less_than_one(total, weights):
    shares = apportion(total, weights)
    assert sum(shares) == total
    assert all(abs(share - total * weight / sum(weights)) < 1 for share, weight in zip(shares, weights, strict=True))


def test_nothing_to_share_gives_nothing():
    assert apportion(0, [1, 2]) == [0, 0]
    assert apportion(3, [0.0, 0.0]) == [0, 0]


@given(st.integers(0, 5000), WEIGHTS, st.data())
def test_neighbours_get_their_share_together(total, weights, data):
    shares = apportion_in_order(total, weights)
    start = data.draw(st.integers(0, len(weights)))
    end = data.draw(st.integers(start, len(weights)))
    assert sum(shares) == total
    assert min(shares) >= 0
    assert abs(sum(shares[start:end]) - total * sum(weights[start:end]) / sum(weights)) <= 1


def test_each_function_is_used_before_any_is_used_twice():
    part = Part(range(10), 10)
    made = part.take({"a": 5, "b": 10}, lambda number, kind: number)
    uses = Counter(number for _, number in made)
    assert Counter(kind for kind, _ in made) == {"a": 5, "b": 10}
    assert sorted(uses.values()) == [1] * 5 + [2] * 5


def test_a_kind_that_few_can_give_is_stood_in_for_and_made_up_later():
    part = Part(range(10), 10)
    made = part.take({"rare": 4, "common": 6}, lambda number, kind: number if kind == "common" or number < 2 else None)
    assert Counter(kind for kind, _ in made) == {"rare": 2, "common": 8}
    assert Counter(number for _, number in made) == Counter(range(10))
    later = part.take({"rare": 2, "common": 0}, lambda number, kind: number if kind == "common" or number < 2 else None)
    assert Counter(kind for kind, _ in later) == {"rare": 2}


def test_a_part_that_is_used_up_says_so():
    given_out: set[tuple[int, str]] = set()

    def make_once(number: int, kind: str) -> tuple[int, str] | None:
        case = (number, kind)
        if case in given_out:
            return None
        given_out.add(case)
        return case

    part = Part([1, 2, 3], 3)
    assert len(part.take({"a": 50, "b": 50}, make_once)) == 6
    assert part.exhausted
    assert part.take({"a": 1}, make_once) == []
