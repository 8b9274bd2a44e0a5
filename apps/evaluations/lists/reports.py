"""The list of reports: what was found, and who has answered for it."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F, IntegerField, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from apps.core.tables import ChoiceFilter, Column, DateFilter, Table, YesNoFilter, attribute
from apps.core.tables.filters import Rows
from apps.evaluations.lists.choices import list_suites, read_number
from apps.evaluations.models import Report, Verdict

NOT_SHOWN = ("data", "run__plan", "run__pinned", "run__drift", "run__estimate", "run__summary")
ALARMING = Q(verdict__in=[Verdict.WORSE, Verdict.FAILED])
ANSWERS = (("open", "Nobody yet"), ("given", "Acknowledged"), ("calm", "Not needed"))


def by_answer(rows: Rows, text: str) -> Rows:
    """Reports that wait for somebody, those that somebody answered for, and those that need nobody."""
    if text == "given":
        return rows.exclude(acknowledged_at=None)
    waiting = rows.filter(acknowledged_at=None)
    return waiting.filter(ALARMING) if text == "open" else waiting.exclude(ALARMING)


def list_changed(report: Any) -> list[str]:
    """The names of what changed between the two runs."""
    return [change["name"] for change in report.changes or ()]


def answered_at(report: Report) -> Any:
    """When somebody acknowledged it, or that nobody has who should."""
    return "nobody yet" if report.needs_acknowledgement else report.acknowledged_at


class ReportTable(Table):
    page = "evaluations:reports"
    noun = ("report", "reports")
    columns = (
        Column("report", "Report", lambda report: f"{report.run.suite} #{report.run_id}", sort="run", drawn=True,
               width="rest"),
        Column("verdict", "Verdict", lambda report: report.get_verdict_display(), sort="verdict", drawn=True,
               width="xl", unlabelled=True),
        Column("reason", "Why", attribute("reason"), drawn=True, width="xl", unlabelled=True),
        Column("wrong", "Newly wrong", attribute("wrong"), sort="wrong", nullable=True, number=True, hidden=True,
               width="m"),
        Column("right", "Newly right", attribute("right"), sort="right", nullable=True, number=True, hidden=True,
               width="m"),
        Column("changed", "Changed", list_changed, drawn=True, width="l", only_wide=True),
        Column("baseline", "Compared with", attribute("baseline_id"), number=True, drawn=True, hidden=True),
        Column("acknowledged", "Acknowledged", answered_at, sort="acknowledged_at", nullable=True,
               drawn=True, width="l"),
        Column("comment", "Comment", attribute("comment"), hidden=True, width="l"),
        Column("written", "Written", attribute("created_at"), sort="created_at"),
    )  # fmt: skip
    default_sort = "-report"
    filters = (
        ChoiceFilter("suite", "Suite", choices=list_suites, lookup="run__suite"),
        ChoiceFilter("verdict", "Verdict", choices=Verdict.choices),
        ChoiceFilter("answer", "Acknowledged", choices=ANSWERS, lookup=by_answer),
        YesNoFilter("changed", "Changes", holds=Q(data__changes__0__isnull=False), yes="Something changed",
                    no="Nothing changed"),
        DateFilter("written", "Written", lookup="created_at"),
    )  # fmt: skip
    search_label = "Find in notes, or a number"
    cells = "evaluations/lists/_report_cells.html"
    panel = "evaluations/lists/_report_peek.html"
    nothing = "evaluations/lists/_no_reports.html"
    live = "report"

    def rows(self) -> QuerySet[Any]:
        reports = Report.objects.select_related("run__suite", "acknowledged_by").defer(*NOT_SHOWN)
        return reports.annotate(
            reason=KT("data__reasons__0"),
            changes=F("data__changes"),
            wrong=Cast(KT("data__flips__newly_wrong"), IntegerField()),
            right=Cast(KT("data__flips__newly_right"), IntegerField()),
        )

    def find(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        found = Q(comment__icontains=text) | Q(run__note__icontains=text) | Q(run__suite__name__icontains=text)
        number = read_number(text)
        return rows.filter(found if number is None else found | Q(run=number))

    def look_at(self, key: int) -> Mapping[str, Any] | None:
        found = super().look_at(key)
        if found is None:
            return None
        reasons = Report.objects.filter(pk=key).values_list("data__reasons", flat=True).first()
        return {**found, "reasons": reasons or []}
