"""Windows, budgets and their headers, without any server."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.users.limits.policies import MINUTE, Budget, Limit, Verdict, Window, month_of, month_seconds, next_month

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
SECONDS = st.floats(0, MINUTE)


def later(window: Window, seconds: float) -> Window:
    """The window so much later, when nothing came meanwhile: as the scripts of `limits` would find it."""
    until_shift = window.current_left - MINUTE
    if seconds < until_shift or not window.current:
        left = max(0.0, window.previous_left - seconds)
        return Window(window.previous if left else 0, left, window.current, window.current_left - seconds)
    left = max(0.0, MINUTE - (seconds - until_shift))
    return Window(window.current if left else 0, left, 0, 0)


@given(st.integers(1, 200), st.integers(0, 200), st.integers(0, 200), SECONDS)
def test_after_the_wait_there_is_room_and_not_much_before(quota: int, previous: int, current: int, left: float) -> None:
    # The current counter began when the one before it ended, and is kept for two windows.
    window = Window(previous, left if previous else 0, current, MINUTE + left if current else 0)
    wait = window.wait(quota)
    assert (wait == 0) is (window.remaining(quota) > 0)
    if wait:
        assert later(window, wait).remaining(quota) > 0
        assert wait <= 2 * MINUTE + 1
    if wait > 1:
        assert later(window, wait - 1.001).remaining(quota) == 0


def test_headers_of_a_window() -> None:
    verdict = Verdict(Limit("key", "7", 600), Window(0, 0, 10, 100.2))
    assert verdict.headers(NOW) == {
        "RateLimit-Policy": '"key";q=600;w=60',
        "RateLimit": '"key";r=590;t=101',
    }


def test_headers_of_a_budget_too() -> None:
    budget = Budget(7, 1000, date(2026, 11, 1))
    verdict = Verdict(Limit("key", "7", 600), Window(0, 0, 1, 120), budget, used=400)
    seconds = 9 * 86_400 + 2 * 3600
    assert verdict.headers(NOW) == {
        "RateLimit-Policy": f'"key";q=600;w=60, "budget";q=1000;w={30 * 86_400}',
        "RateLimit": f'"key";r=599;t=120, "budget";r=600;t={seconds}',
    }
    spent = Verdict(verdict.limit, verdict.window, budget, used=1000, code="budget_spent")
    assert spent.wait(NOW) == seconds
    assert '"budget";r=0' in spent.headers(NOW)["RateLimit"]


@given(st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.timezones()))
def test_each_moment_is_in_one_month_which_ends_in_the_next(moment: datetime) -> None:
    month = month_of(moment)
    budget = Budget(1, 1, month)
    assert datetime.combine(month, datetime.min.time(), UTC) <= moment < budget.renews
    assert next_month(month).day == 1
    assert month_seconds(month) // 86_400 in (28, 29, 30, 31)
