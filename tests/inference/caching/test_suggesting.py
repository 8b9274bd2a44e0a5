from hypothesis import given
from hypothesis import strategies as st

from apps.inference.caching.kinds import CacheLimits
from apps.inference.caching.suggesting import FEWEST_USES, replay, suggest

uses = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 5000)), max_size=60).map(
    lambda found: [(key, sum(step for _, step in found[: place + 1])) for place, (key, _) in enumerate(found)]
)


@given(uses=uses, size=st.integers(1, 6))
def test_a_longer_time_and_a_larger_size_never_hit_less(uses: list[tuple[str, int]], size: int) -> None:
    """Time with room for all; size without an end, where the least recently used going first never does worse."""
    assert replay(uses, 1, 100) <= replay(uses, 1000, 100)
    assert replay(uses, 10**9, size) <= replay(uses, 10**9, size + 1)


def test_it_replays_what_a_cache_does() -> None:
    asked = [("a", 0), ("b", 1000), ("a", 2000), ("c", 3000), ("b", 4000), ("a", 12_000)]
    assert replay(asked, 10, 2) == 1 / 6
    assert replay(asked, 10, 3) == 2 / 6
    assert replay(asked, 3600, 3) == 3 / 6


def test_it_suggests_the_least_that_brings_nearly_all() -> None:
    """Each of 300 questions comes back after ten minutes: five are too short, and a hundred entries too few."""
    asked = [(f"q{number % 300}", number * 2000) for number in range(1500)]
    found = suggest(asked, CacheLimits(300, 100), sample=1)
    assert found is not None
    assert found.now == 0
    assert found.limits.seconds > 600
    assert found.limits.size == 500
    assert found.expected > 0.5
    assert found.is_change


def test_too_few_uses_tell_nothing() -> None:
    assert suggest([("a", 0)] * (FEWEST_USES - 1), CacheLimits(60, 100), sample=4) is None
