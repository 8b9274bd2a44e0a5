"""The list of suites."""

from collections.abc import Mapping
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from apps.core.tables import ChoiceFilter, Column, Table, YesNoFilter, attribute
from apps.evaluations.counts import with_counts
from apps.evaluations.lists.choices import list_targets
from apps.evaluations.models import Run, Suite, Verdict
from apps.evaluations.presenting import overview
from apps.evaluations.presenting.words import explain_suite
from apps.evaluations.services.scheduling import describe_schedules


class SuiteTable(Table):
    page = "evaluations:suites"
    noun = ("suite", "suites")
    columns = (
        Column("suite", "Suite", attribute("name"), sort="name", width="rest"),
        Column("verdict", "Last verdict", attribute("verdict"), sort="verdict", nullable=True, drawn=True,
               width="l", unlabelled=True),
        Column("accuracy", "Accuracy", attribute("accuracy"), sort="accuracy", nullable=True, number=True, drawn=True,
               width="s"),
        Column("trend", "Trend", attribute("shown.trend"), drawn=True, width="m", only_wide=True),
        Column("cases", "Cases", attribute("active_cases"), sort="active_cases", number=True, width="s",
               only_wide=True),
        Column("drafts", "Drafts", attribute("draft_cases"), sort="draft_cases", number=True, drawn=True, width="s"),
        Column("swept", "Last swept", attribute("swept"), sort="swept", nullable=True),
        Column("due", "Next sweep", attribute("due"), drawn=True),
        Column("target", "Asks", attribute("target"), sort="target", hidden=True, drawn=True),
        Column("description", "Description", attribute("description"), hidden=True, width="l"),
        Column("made", "Made", attribute("created_at"), sort="created_at", hidden=True),
    )  # fmt: skip
    default_sort = "suite"
    filters = (
        ChoiceFilter("verdict", "Last verdict", choices=Verdict.choices),
        ChoiceFilter("target", "Asks", choices=list_targets),
        YesNoFilter("drafts", "Drafts", holds=Q(draft_cases__gt=0), yes="Drafts wait", no="No drafts"),
    )
    search_label = "Find suites"
    cells = "evaluations/lists/_suite_cells.html"
    panel = "evaluations/lists/_suite_peek.html"
    nothing = "evaluations/lists/_no_suites.html"
    live = "run"

    def rows(self) -> QuerySet[Any]:
        runs = Run.objects.filter(suite=OuterRef("pk")).order_by("-pk")
        measured = runs.filter(summary__accuracy__isnull=False)
        return with_counts(Suite.objects.all()).annotate(
            accuracy=Subquery(measured.values("summary__accuracy")[:1]),
            verdict=Subquery(runs.values("report__verdict")[:1]),
            swept=Subquery(runs.values("created_at")[:1]),
        )

    def find(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(Q(name__icontains=text) | Q(description__icontains=text))

    def prepare(self, rows: list[Any]) -> list[Any]:
        shown = overview.list_newest_runs(rows)
        due = overview.find_next_due(describe_schedules())
        for suite in rows:
            suite.shown, suite.due = shown[suite.pk], due.get(suite.pk)
        return rows

    def look_at(self, key: int) -> Mapping[str, Any] | None:
        found = super().look_at(key)
        return None if found is None else {**found, "sentences": explain_suite(found["row"])}
