"""The list of all functions, for browsing."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from apps.core.tables import Action, ChoiceFilter, Column, DateFilter, Table, TextFilter, YesNoFilter, attribute
from apps.core.tables.filters import Choices, Rows
from apps.functions.models import Function, FunctionState, Library
from apps.functions.overview import read_overview
from apps.functions.rendering import name_language, render_code

NOT_SHOWN = ("code", "usage", "signature", "source_digest")
CURATED = ~Q(description="") & (~Q(keywords=[]) | ~Q(action="") | ~Q(data_type=""))
"""As search sees it (`search.documents`): described for those who search, with words to find it by."""


def list_libraries(table: Table) -> Choices:
    return [(str(pk), name) for pk, name in Library.objects.order_by("name").values_list("pk", "name")]


def list_languages(table: Table) -> Choices:
    """Those of published functions; others are a link away."""
    return [(key, name_language(key)) for key, _ in read_overview().languages]


def with_keyword(rows: Rows, word: str) -> Rows:
    return rows.filter(keywords__contains=[word])


class FunctionTable(Table):
    page = "functions:browse"
    noun = ("function", "functions")
    columns = (
        Column("name", "Name", str, sort="name", drawn=True, width="xl"),
        Column("summary", "What it does", attribute("summary"), drawn=True, width="rest", unlabelled=True),
        Column("library", "Library", attribute("library.name"), sort="library__name", width="m"),
        Column("language", "Language", lambda one: name_language(one.language), sort="language", width="s"),
        Column("state", "State", attribute("state"), sort="state", drawn=True, unlabelled=True),
        Column(
            "popularity",
            "Popularity",
            attribute("popularity"),
            sort="popularity",
            number=True,
            hidden=True,
            width="s",
        ),
        Column("keywords", "Keywords", attribute("keywords"), hidden=True, width="l"),
        Column("action", "Action", attribute("action"), sort="action", hidden=True, width="m"),
        Column("data_type", "Data type", attribute("data_type"), sort="data_type", hidden=True, width="m"),
        Column("path", "Path", attribute("path"), sort="path", hidden=True, width="l"),
        Column("id", "Id", attribute("external_id"), sort="external_id", hidden=True, width="l"),
        Column("revision", "Revision", attribute("revision"), sort="revision", number=True, hidden=True, width="s"),
        Column("updated", "Updated", attribute("updated_at"), sort="updated_at", only_wide=True),
    )
    default_sort = "name"
    filters = (
        ChoiceFilter("library", "Library", choices=list_libraries),
        ChoiceFilter("language", "Language", choices=list_languages),
        ChoiceFilter("state", "State", choices=FunctionState.choices),
        YesNoFilter("curated", "Curated", holds=CURATED, yes="Curated", no="Not curated"),
        DateFilter("updated", "Updated", lookup="updated_at"),
        TextFilter("keyword", "Keyword", lookup=with_keyword),
    )
    search_label = "Find in names"
    cells = "functions/lists/_function_cells.html"
    panel = "functions/lists/_function_peek.html"
    nothing = "functions/lists/_no_functions.html"
    actions = (
        Action("published", "Publish", "functions.change_function"),
        Action("retired", "Retire", "functions.change_function", style="danger"),
    )
    live = "function"

    def __init__(self) -> None:
        self.actions_address = reverse("functions:change")

    def rows(self) -> QuerySet[Any]:
        return Function.objects.with_library().defer(*NOT_SHOWN)

    def find(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(Q(name__icontains=text) | Q(qualified_name__icontains=text) | Q(external_id=text))

    def look_at(self, key: int) -> Mapping[str, Any] | None:
        function = Function.objects.with_library().filter(pk=key).first()
        if function is None:
            return None
        code = render_code(function.code, function.language, first_line=function.line or 1)
        return {"row": function, "code": code}
