"""Counts of minutes that become counts of hours and days: whatever there was, all sums stay."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.inference.models import CallMinute, PerformanceReset
from apps.inference.performance import reading
from apps.inference.performance.figures import Figures
from apps.inference.performance.reading import read_figures
from apps.inference.performance.windows import LENGTHS, Window
from apps.inference.recording.merging import GRAINS, merge_counts
from apps.inference.tasks import merge_counts_task
from tests.inference.recording.calls import a_call, write

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

NOW = datetime(2026, 11, 22, 10, 30, 40, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=100)
calls = st.builds(
    lambda seconds, **facts: a_call(at=(LONG_AGO + timedelta(seconds=seconds)).timestamp(), **facts),
    seconds=st.one_of(st.integers(0, 3 * 3600), st.integers(0, 100 * 86_400)),
    model=st.sampled_from(["small-one", "large-one"]),
    outcome=st.sampled_from(["ok", "timeout"]),
    cache=st.sampled_from(["", "exact"]),
    ms=st.sampled_from([1.0, 40.0, 2_000.0, 1e6]),
    cost=st.sampled_from([Decimal(0), Decimal("0.002")]),
)


def summarise(figures: Figures) -> dict[str, Any]:
    """All that is told of a stretch of time, but for the order and the bars, whose bounds are others."""
    told = figures.as_dict()
    told = {name: value for name, value in told.items() if name not in ("since", "series")}
    told["bars"] = sum(bar.requests for bar in figures.bars), sum(bar.errors for bar in figures.bars)
    return told


def read_all() -> dict[str, Any]:
    return {window.value: summarise(read_figures(window, owner=None)) for window in Window}


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "timezone", SimpleNamespace(now=lambda: NOW))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(calls, max_size=30), resets=st.lists(st.integers(0, 100 * 86_400), max_size=3))
def test_all_sums_stay(made: list[Any], resets: list[int]) -> None:
    with transaction.atomic():
        for seconds in sorted(resets):
            at = LONG_AGO + timedelta(seconds=seconds)
            write(*(call for call in made if call.at < at.timestamp()))
            made = [call for call in made if call.at >= at.timestamp()]
            PerformanceReset.objects.update_or_create(pk=seconds + 1, defaults={})
            PerformanceReset.objects.filter(pk=seconds + 1).update(at=at)
        write(*made)
        before = read_all()
        merge_counts(now=NOW)
        assert read_all() == before
        assert merge_counts(now=NOW) == 0
        check_rows(PerformanceReset.objects.values_list("at", flat=True).first())
        transaction.set_rollback(True)


def check_rows(reset: datetime | None) -> None:
    """What is old begins with an hour or a day, or with the last reset."""
    hours, days = (NOW - grain.after for grain in GRAINS)
    for minute in CallMinute.objects.values_list("minute", flat=True):
        if minute != reset and minute < hours.replace(minute=0, second=0):
            assert (minute.minute, minute.second) == (0, 0)
        if minute != reset and minute < days.replace(hour=0, minute=0, second=0):
            assert minute.hour == 0


def test_many_minutes_become_few_rows() -> None:
    write(*(a_call(at=(LONG_AGO + timedelta(minutes=number)).timestamp()) for number in range(300)))
    recent = a_call(at=(NOW - timedelta(days=8)).timestamp())
    write(recent)
    assert CallMinute.objects.count() == 301
    merge_counts(now=NOW)
    [day, minute] = CallMinute.objects.order_by("minute")
    assert (day.minute, day.calls, sum(day.buckets)) == (LONG_AGO.replace(hour=0, minute=0, second=0), 300, 300)
    assert minute.minute == recent.when.replace(second=0, microsecond=0)
    write(a_call(at=LONG_AGO.timestamp()))
    merge_counts(now=NOW)
    assert CallMinute.objects.order_by("minute")[0].calls == 301


def test_no_page_shows_what_is_merged_by_the_minute() -> None:
    assert min(grain.after for grain in GRAINS) > max(LENGTHS.values()) + timedelta(hours=1)


def test_it_is_done_every_day() -> None:
    write(a_call(at=LONG_AGO.timestamp()), a_call(at=LONG_AGO.timestamp() + 60))
    assert merge_counts_task() >= 1
    assert CallMinute.objects.get().calls == 2
    assert django_settings.CELERY_BEAT_SCHEDULE["inference.merge_counts"]["task"] == merge_counts_task.name
