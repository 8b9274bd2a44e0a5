"""The list of answers that somebody called wrong, and of other drafts: what waits for a curator."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from apps.core.tables import Action, ChoiceFilter, Column, Table, attribute
from apps.core.targets.registry import get_target
from apps.evaluations.forms import AcceptForm
from apps.evaluations.lists.choices import list_suites
from apps.evaluations.models import Case, CaseOrigin, Suite
from apps.evaluations.presenting.outcomes import list_ids, show_answers


def list_given(case: Case) -> list[str]:
    """What the answer was that somebody called wrong."""
    return [str(got.get("title") or got.get("id", "")) for got in case.source.get("got") or ()]


def list_said(case: Case) -> list[str]:
    """Who said that it is wrong, with their notes."""
    reports = case.source.get("reports", ())
    return [": ".join(filter(None, (one.get("by") or "Somebody", one.get("note")))) for one in reports]


class DraftTable(Table):
    """`refused` is the form of a draft that could not be accepted, with what is wrong with it."""

    page = "evaluations:drafts"
    noun = ("draft", "drafts")
    columns = (
        Column("question", "Question", str, sort="query", width="rest"),
        Column("given", "It answered", list_given, width="l", only_wide=True),
        Column("expected", "Proposed as right", attribute("expected"), drawn=True, width="l"),
        Column("said", "Said", list_said, width="xl"),
        Column("suite", "Suite", attribute("suite.name"), sort="suite__name", width="m"),
        Column("origin", "Origin", attribute("origin"), sort="origin", hidden=True, drawn=True),
        Column("changed", "When", attribute("updated_at"), sort="updated_at"),
    )
    default_sort = "-changed"
    filters = (
        ChoiceFilter("suite", "Suite", choices=list_suites),
        ChoiceFilter("origin", "Origin", choices=CaseOrigin.choices),
    )
    search_label = "Find in questions"
    cells = "evaluations/lists/_case_cells.html"
    panel = "evaluations/lists/_draft_peek.html"
    nothing = "evaluations/lists/_no_drafts.html"
    actions = (Action("dismiss", "Dismiss", "evaluations.change_case", style="danger"),)
    live = "case"

    def __init__(self, refused: AcceptForm | None = None) -> None:
        self.refused = refused
        self.actions_address = reverse("evaluations:dismiss_drafts")

    def rows(self) -> QuerySet[Any]:
        return Case.objects.drafts().select_related("suite", "created_by")

    def find(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(Q(query__icontains=text) | Q(external_id=text))

    def look_at(self, key: int) -> Mapping[str, Any] | None:
        case = self.rows().filter(pk=key).first()
        if case is None:
            return None
        suites = list(Suite.objects.filter(target=case.suite.target))
        ids = list_ids(case.expected, case.source.get("got") or [])
        return {
            "row": case,
            "form": self.refused or AcceptForm.of(case, suites),
            "is_feedback": case.origin == CaseOrigin.FEEDBACK,
            "shown": show_answers(get_target(case.suite.target), ids),
        }
