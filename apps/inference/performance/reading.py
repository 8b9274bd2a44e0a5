"""Figures out of the table: three questions, whatever the window."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Min, QuerySet, Sum
from django.utils import timezone

from apps.inference.models import LATENCY_BOUNDS, CallMinute, PerformanceReset
from apps.inference.performance.figures import FINE, Bar, Figures, Line
from apps.inference.performance.latency import Latency
from apps.inference.performance.windows import Span, Window, span_of

PLACES = len(LATENCY_BOUNDS) + 1
ALIKE = ("owner", "target", "model", "tier", "cache", "outcome")
SUMS = ("calls", "retries", "prompt_tokens", "completion_tokens", "cost")

BUCKETS = """
SELECT model, place, sum(found), sum(ms) FILTER (WHERE place = 1)
FROM inference_callminute, unnest(buckets) WITH ORDINALITY AS bucket(found, place)
WHERE minute >= %(since)s AND (%(owner)s IS NULL OR owner = %(owner)s)
GROUP BY model, place
"""
SERIES = """
SELECT
    date_bin(%(step)s, minute, %(since)s) AS at,
    sum(calls),
    sum(calls) FILTER (WHERE outcome <> ALL(%(fine)s)),
    sum(cost)
FROM inference_callminute
WHERE minute >= %(since)s AND (%(owner)s IS NULL OR owner = %(owner)s)
GROUP BY at
"""


def read_figures(window: Window, *, owner: int | None) -> Figures:
    """Of one person, or, without an owner, of everybody."""
    reset = PerformanceReset.objects.values_list("at", flat=True).first() if window is Window.RESET else None
    first = find_first() if window is Window.RESET and reset is None else None
    span = span_of(window, now=timezone.now(), reset=reset, first=first)
    lines = read_lines(span, owner)
    latencies = read_latencies(span, owner)
    whole = Latency(LATENCY_BOUNDS, [0] * PLACES, 0.0)
    for latency in latencies.values():
        whole = whole.plus(latency)
    people = read_people(line.owner for line in lines) if owner is None else {}
    return Figures(span, owner is None, lines, whole, latencies, read_bars(span, owner), people)


def find_first() -> datetime | None:
    return CallMinute.objects.aggregate(first=Min("minute"))["first"]


def count_rows(span: Span, owner: int | None) -> QuerySet[CallMinute]:
    rows = CallMinute.objects.filter(minute__gte=span.since)
    return rows if owner is None else rows.filter(owner=owner)


def read_lines(span: Span, owner: int | None) -> list[Line]:
    rows = count_rows(span, owner).values(*ALIKE).annotate(**{f"all_{name}": Sum(name) for name in SUMS}).order_by()
    return [Line(*(row[name] for name in ALIKE), *(row[f"all_{name}"] for name in SUMS)) for row in rows]


def read_latencies(span: Span, owner: int | None) -> dict[str, Latency]:
    """By model."""
    counts: dict[str, list[int]] = {}
    totals: dict[str, float] = {}
    for model, place, found, ms in ask(BUCKETS, since=span.since, owner=owner):
        counts.setdefault(model, [0] * PLACES)[place - 1] = int(found)
        totals[model] = ms or totals.get(model, 0.0)
    return {model: Latency(LATENCY_BOUNDS, found, totals[model]) for model, found in counts.items()}


def read_bars(span: Span, owner: int | None) -> list[Bar]:
    rows = ask(SERIES, since=span.since, owner=owner, step=span.step, fine=list(FINE))
    found = {at: Bar(at, int(calls), int(errors or 0), cost) for at, calls, errors, cost in rows}
    return [found.get(at, Bar(at, 0, 0, Decimal(0))) for at in span.bins]


def read_people(owners: Iterable[int]) -> Mapping[int, str]:
    found = get_user_model().objects.filter(pk__in=set(owners)).values_list("pk", "email")
    return {0: "Touchstone itself", **dict(found)}


def ask(question: str, **given: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(question, given)
        return list(cursor.fetchall())
