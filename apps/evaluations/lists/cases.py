"""The list of a suite's cases."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from apps.core.tables import Action, ChoiceFilter, Column, Table, TextFilter, attribute
from apps.core.tables.filters import Choices, Rows
from apps.core.targets.registry import get_target
from apps.evaluations.models import CaseOrigin, CaseState, Suite
from apps.evaluations.presenting.outcomes import list_ids, show_answers


def list_ways(table: Any) -> Choices:
    """How the suite's cases were made."""
    ways = table.suite.cases.exclude(made_by="").order_by("made_by").values_list("made_by", flat=True)
    return [(way, way.replace("_", " ").capitalize()) for way in ways.distinct()]


def with_tag(rows: Rows, tag: str) -> Rows:
    return rows.filter(tags__contains=[tag])


class CaseTable(Table):
    """Newest first: what somebody just added is what they look for."""

    page = "evaluations:cases"
    noun = ("case", "cases")
    columns = (
        Column("question", "Question", str, sort="query", width="rest"),
        Column("expected", "Right answers", attribute("expected"), drawn=True, width="xl", unlabelled=True),
        Column("state", "State", attribute("state"), sort="state", drawn=True, unlabelled=True),
        Column("origin", "Origin", attribute("origin"), sort="origin", drawn=True, width="m", only_wide=True),
        Column("made_by", "Made by", attribute("made_by"), sort="made_by", drawn=True, width="m", only_wide=True),
        Column("tags", "Tags", attribute("tags"), hidden=True, width="l"),
        Column("group", "Group", attribute("group"), sort="group", hidden=True, width="l"),
        Column("id", "Id", attribute("external_id"), sort="external_id", hidden=True, width="m"),
        Column("version", "Version", attribute("version"), sort="version", number=True, hidden=True, width="s"),
        Column("added", "Added", attribute("created_at"), sort="pk"),
        Column("changed", "Changed", attribute("updated_at"), sort="updated_at", hidden=True),
    )
    default_sort = "-added"
    filters = (
        ChoiceFilter("state", "State", choices=CaseState.choices),
        ChoiceFilter("origin", "Origin", choices=CaseOrigin.choices),
        ChoiceFilter("made_by", "Made by", choices=list_ways),
        TextFilter("tag", "Tag", lookup=with_tag),
    )
    search_label = "Find in questions"
    cells = "evaluations/lists/_case_cells.html"
    panel = "evaluations/lists/_case_peek.html"
    nothing = "evaluations/lists/_no_cases.html"
    actions = (
        Action("active", "Activate", "evaluations.change_case"),
        Action("retired", "Retire", "evaluations.change_case", style="danger"),
    )
    live = "case"

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.actions_address = reverse("evaluations:change_cases", args=[suite.pk])

    def rows(self) -> QuerySet[Any]:
        return self.suite.cases.select_related("suite").defer("source", "note", "input")

    def find(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(Q(query__icontains=text) | Q(external_id=text))

    def look_at(self, key: int) -> Mapping[str, Any] | None:
        case = self.suite.cases.filter(pk=key).first()
        if case is None:
            return None
        case.suite = self.suite
        return {"row": case, "shown": show_answers(get_target(self.suite.target), list_ids(case.expected))}
