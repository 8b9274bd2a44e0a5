import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evaluations.reports.axes import LEAST_SPAN, Scale, choose_range, choose_step, list_ticks, show_tick

pytestmark = pytest.mark.unit

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@given(values=SHARES)
def test_the_range_holds_all_values_and_is_not_too_close(values):
    low, high = choose_range(values)

    assert 0 <= low <= min(values) + 1e-9
    assert max(values) - 1e-9 <= high <= 1
    assert high - low >= LEAST_SPAN - 1e-9


@given(values=SHARES)
def test_ticks_are_few_even_and_inside(values):
    low, high = choose_range(values)
    ticks = list_ticks(low, high)

    assert 2 <= len(ticks) <= 8
    assert low - 1e-9 <= ticks[0]
    assert ticks[-1] <= high + 1e-9
    assert len({show_tick(tick, choose_step(high - low)) for tick in ticks}) == len(ticks)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], (0.0, 1.0)), ([1.0], (0.98, 1.0)), ([0.0], (0.0, 0.02)), ([0.85, 0.91], (0.84, 0.92))],
)
def test_ranges(values, expected):
    assert choose_range(values) == pytest.approx(expected)


def test_places_go_with_values_and_stay_on_the_page():
    scale = Scale(0.8, 0.9, 200, 0)

    assert [scale.place(value) for value in (0.8, 0.85, 0.9, 0.5, 1)] == [200, 100, 0, 200, 0]


@pytest.mark.parametrize(("share", "step", "shown"), [(0.9, 0.1, "90 %"), (0.885, 0.005, "88.5 %"), (1, 0.01, "100 %")])
def test_ticks_have_the_digits_that_tell_them_apart(share, step, shown):
    assert show_tick(share, step) == shown
