from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from apps.users.sessions.lifetime import NOTED_EVERY, find_end, idle_time, is_worth_noting, longest_time, warn_seconds

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PAUSES = st.lists(st.integers(0, 600 * 60).map(lambda seconds: timedelta(seconds=seconds)), max_size=40)


def follow(pauses: list[timedelta]) -> tuple[datetime, datetime, datetime]:
    """The last request that found the session alive, what was noted of it, and when the session ends."""
    now = seen_at = START
    for pause in pauses:
        if now + pause >= find_end(since=START, seen_at=seen_at):
            break
        now += pause
        if is_worth_noting(seen_at=seen_at, now=now):
            seen_at = now
    return now, seen_at, find_end(since=START, seen_at=seen_at)


@given(PAUSES)
def test_it_ends_when_it_should_and_never_more_than_a_minute_early(pauses: list[timedelta]) -> None:
    last, seen_at, end = follow(pauses)
    assert last - seen_at < NOTED_EVERY
    should = min(last + idle_time(), START + longest_time())
    assert should - NOTED_EVERY < end <= should


@pytest.mark.parametrize(
    ("idle_minutes", "max_hours", "seconds"), [(480, 336, 120), (4, 336, 120), (3, 336, 90), (1, 336, 30)]
)
def test_a_page_warns_two_minutes_before_or_half_way(
    settings: Settings, idle_minutes: int, max_hours: int, seconds: int
) -> None:
    settings.SESSION_IDLE_MINUTES, settings.SESSION_MAX_HOURS = idle_minutes, max_hours
    assert warn_seconds() == seconds


def test_a_short_session_is_noted_often_enough(settings: Settings) -> None:
    settings.SESSION_IDLE_MINUTES = 1
    assert is_worth_noting(seen_at=START, now=START + timedelta(seconds=3))
    assert not is_worth_noting(seen_at=START, now=START + timedelta(seconds=2))
