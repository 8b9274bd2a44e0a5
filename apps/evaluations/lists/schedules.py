"""The list of schedules."""

from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from apps.core.secrets.fields import ENTER_AGAIN
from apps.core.tables import ChoiceFilter, Column, Table, YesNoFilter, attribute
from apps.evaluations.lists.choices import list_suites
from apps.evaluations.models import BaselineChoice, Run, Schedule
from apps.evaluations.services.scheduling import describe_schedules


def describe_webhook(schedule: Schedule) -> str:
    return f"a webhook that {ENTER_AGAIN}" if schedule.unreadable else "a webhook"


def list_told(schedule: Schedule) -> list[str]:
    """Who hears of a run that is worse or failed."""
    return [*schedule.emails, *([describe_webhook(schedule)] if schedule.webhook_url else [])]


class ScheduleTable(Table):
    page = "evaluations:schedules"
    noun = ("schedule", "schedules")
    columns = (
        Column("suite", "Suite", attribute("suite.name"), sort="suite__name", width="rest"),
        Column("when", "When", attribute("status.words"), drawn=True, width="xl"),
        Column("next", "Next", attribute("status.next_due"), drawn=True),
        Column("last", "Last run", attribute("status.last_run.pk"), sort="last", nullable=True, drawn=True, width="xl"),
        Column(
            "compares",
            "Compares with",
            lambda one: one.get_compare_with_display(),
            sort="compare_with",
            width="l",
            only_wide=True,
        ),
        Column("tells", "Tells", list_told, drawn=True, width="l", only_wide=True),
        Column("zone", "Time zone", attribute("status.time_zone"), hidden=True),
        Column("by", "Made by", attribute("created_by"), hidden=True, width="l"),
        Column("made", "Made", attribute("created_at"), sort="created_at", hidden=True),
    )
    default_sort = "suite"
    filters = (
        ChoiceFilter("suite", "Suite", choices=list_suites),
        YesNoFilter("enabled", "State", holds=Q(periodic_task__enabled=True), yes="Going", no="Paused"),
        ChoiceFilter("compares", "Compares with", choices=BaselineChoice.choices, lookup="compare_with"),
    )
    search_label = "Find by suite, words or address"
    cells = "evaluations/lists/_schedule_cells.html"
    panel = "evaluations/lists/_schedule_peek.html"
    nothing = "evaluations/lists/_no_schedules.html"
    live = "run"

    def rows(self) -> QuerySet[Any]:
        latest = Run.objects.filter(schedule=OuterRef("pk")).order_by("-pk").values("pk")[:1]
        related = ("suite", "created_by", "periodic_task__crontab", "periodic_task__interval")
        return Schedule.objects.select_related(*related).annotate(last=Subquery(latest))

    def find(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(Q(suite__name__icontains=text) | Q(words__icontains=text) | Q(emails__icontains=text))

    def prepare(self, rows: list[Any]) -> list[Any]:
        for status in describe_schedules(rows):
            status.schedule.status = status  # type: ignore[attr-defined]
        return rows

    def href(self, row: Any) -> str:
        return reverse("evaluations:schedule", args=[row.pk])
