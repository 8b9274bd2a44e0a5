import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.embedded.process import (
    FIRST_DELAY,
    LONGEST_DELAY,
    STABLE_SECONDS,
    count_failures,
    describe_end,
    restart_delay,
)

pytestmark = pytest.mark.unit


@given(st.integers(1, 10_000))
def test_delays_grow_and_stay_bounded(failures: int) -> None:
    delay, longer = restart_delay(failures), restart_delay(failures + 1)
    assert FIRST_DELAY <= delay <= longer <= LONGEST_DELAY
    assert longer in (2 * delay, LONGEST_DELAY)


@given(st.lists(st.floats(0, 3 * STABLE_SECONDS)))
def test_a_stable_life_clears_the_record(lives: list[float]) -> None:
    failures = 0
    for lived in lives:
        failures = count_failures(failures, lived)
    recent = 0
    for lived in reversed(lives):
        recent += 1
        if lived >= STABLE_SECONDS:
            break
    assert failures == recent


@pytest.mark.parametrize(
    ("status", "words"), [(0, "exit status 0"), (3, "exit status 3"), (-9, "SIGKILL"), (-99, "signal 99")]
)
def test_ends_are_told_in_words(status: int, words: str) -> None:
    assert describe_end(status) == words
