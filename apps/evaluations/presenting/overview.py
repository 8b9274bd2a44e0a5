"""Suites at a glance: how large, how good, since when, and what waits for somebody."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.urls import reverse

from apps.evaluations.models import CaseState, Measure, Report, Run, RunState, Suite, Verdict
from apps.evaluations.services.scheduling import ScheduleStatus

TREND = 14
"""Runs that the small trend of a suite shows."""
CHARTED = 40
ALARMS = 20


@dataclass(frozen=True, slots=True)
class SuiteRuns:
    """A suite's newest runs, newest first."""

    runs: list[dict[str, Any]]

    @property
    def last(self) -> dict[str, Any] | None:
        return self.runs[0] if self.runs else None

    @property
    def measured(self) -> dict[str, Any] | None:
        """The newest run that has figures."""
        return next((run for run in self.runs if run["summary__accuracy"] is not None), None)

    @property
    def trend(self) -> list[float]:
        """Accuracies, oldest first."""
        return [run["summary__accuracy"] for run in reversed(self.runs) if run["summary__accuracy"] is not None]


def list_newest_runs(suites: Iterable[Suite]) -> dict[int, SuiteRuns]:
    """The newest runs of each suite by its key; one query, however many there are."""
    runs: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for run in _newest_runs(suites):
        runs[run["suite_id"]].append(run)
    return {suite.pk: SuiteRuns(runs[suite.pk]) for suite in suites}


def list_alarms() -> QuerySet[Report]:
    """Reports that say worse or failed, and that nobody has answered for."""
    alarming = Report.objects.filter(verdict__in=[Verdict.WORSE, Verdict.FAILED], acknowledged_at=None)
    return alarming.select_related("run__suite").defer("run__plan", "run__summary", "run__pinned")[:ALARMS]


def list_runs(suite: Suite) -> QuerySet[Run]:
    """The suite's runs as a table shows them, newest first."""
    runs = suite.runs.select_related("report", "created_by", "schedule")
    return runs.defer("plan", "pinned", "report__data")


def count_cases(suite: Suite) -> dict[str, int]:
    """How many of its cases are in each state."""
    counted = dict(suite.cases.order_by().values_list("state").annotate(Count("pk")))
    return {state: counted.get(state, 0) for state in CaseState.values}


def list_trend(suite: Suite) -> list[dict[str, Any]]:
    """The newest runs that have figures, oldest first."""
    figures = (f"summary__{suite.measure}", "summary__accuracy_interval", "summary__cases", "summary__accuracy")
    runs = suite.runs.succeeded().values("pk", "finished_at", "note", "report__verdict", *figures)[:CHARTED]
    return list(reversed(runs))


def draw_trend(trend: Sequence[dict[str, Any]], suite: Suite) -> str:
    """The suite's measure over its runs; the interval is known where that is the accuracy."""
    from apps.evaluations.reports.charts import TrendPoint, trend_chart

    with_interval = suite.measure == Measure.ACCURACY
    points = []
    for run in trend:
        low, high = (run["summary__accuracy_interval"] or (None, None)) if with_interval else (None, None)
        value, verdict = run[f"summary__{suite.measure}"], run["report__verdict"] or ""
        points.append(
            TrendPoint(f"#{run['pk']}", value, low, high, verdict, reverse("evaluations:run", args=[run["pk"]]))
        )
    return trend_chart(points, title=f"{suite.get_measure_display()} over the runs")


def find_next_due(schedules: Iterable[ScheduleStatus]) -> dict[int, datetime]:
    """When each suite is due next, by its key."""
    due: dict[int, datetime] = {}
    for row in schedules:
        if row.next_due and (row.schedule.suite_id not in due or row.next_due < due[row.schedule.suite_id]):
            due[row.schedule.suite_id] = row.next_due
    return due


def list_comparable(run: Run, most: int = 60) -> Sequence[Run]:
    """The other runs that its report can be made against, newest first."""
    others = Run.objects.filter(suite=run.suite_id, state=RunState.SUCCEEDED, outcomes_pruned=False)
    return list(others.exclude(pk=run.pk).only("pk", "suite", "note", "started_at", "summary")[:most])


def _newest_runs(suites: Iterable[Suite]) -> QuerySet[Run, dict[str, Any]]:
    place = Window(RowNumber(), partition_by=F("suite_id"), order_by=F("pk").desc())
    fields = ("pk", "suite_id", "state", "done", "total", "finished_at", "created_at", "report__verdict")
    figures = ("summary__accuracy", "summary__accuracy_interval")
    newest = Run.objects.filter(suite__in=suites).annotate(place=place).filter(place__lte=TREND).order_by("-pk")
    return newest.values(*fields, *figures)
