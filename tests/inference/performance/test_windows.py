from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.inference.performance.chart import HEIGHT, WIDTH, draw
from apps.inference.performance.figures import Bar, Line, group
from apps.inference.performance.windows import MOST_BINS, Span, Window, span_of

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 10, 30, 40, tzinfo=UTC)


def span(window: Window, **known: datetime | None) -> Span:
    return span_of(window, now=NOW, **{"reset": None, "first": None, **known})


def test_windows_begin_with_a_minute() -> None:
    assert span(Window.HOUR).since == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert span(Window.HOUR).step == timedelta(minutes=1)
    assert span(Window.WEEK).since == datetime(2026, 11, 15, 10, 30, tzinfo=UTC)


def test_a_reset_counts_from_its_moment_and_without_one_all_does() -> None:
    reset, first = NOW - timedelta(seconds=5), NOW - timedelta(days=400)
    assert span(Window.RESET, reset=reset, first=first).since == reset
    assert span(Window.RESET, first=first).since == first
    assert span(Window.RESET).since == NOW


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=380)))
def test_few_bars_stand_for_all_of_it(length: timedelta) -> None:
    found = Span(Window.RESET, NOW - length, NOW)
    assert 1 <= len(found.bins) <= MOST_BINS + 1
    assert found.bins[-1] <= NOW < found.bins[-1] + found.step


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999)), max_size=70))
def test_bars_stay_within_the_chart(counts: list[tuple[int, int]]) -> None:
    bars = [Bar(NOW, max(pair), min(pair), Decimal(0)) for pair in counts]
    for column in draw(bars).columns:
        assert 0 <= column.x <= column.x + column.width <= WIDTH + 0.01
        assert -0.02 <= column.error_y <= column.y <= HEIGHT
        assert column.height + column.error_height <= HEIGHT + 0.02


def test_what_is_beyond_the_largest_is_added_up() -> None:
    lines = [Line(0, f"name-{n}", "", "", "", "ok", n + 1, 0, 0, 0, Decimal(1)) for n in range(30)]
    rows = group(lines, lambda line: line.target)
    assert (len(rows), rows[0].name, rows[-1].name) == (20, "name-29", "others")
    assert sum(row.requests for row in rows) == sum(line.calls for line in lines)
