"""A list page as an answer: whole, its rows alone, its panel alone, or a file."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render

from apps.core.htmx import PageRequest
from apps.core.tables.exporting import export_csv
from apps.core.tables.listing import Listing
from apps.core.tables.models import SavedView
from apps.core.tables.table import Table

SEARCH_BOX = "q"


def render_table(
    request: PageRequest,
    table: Table,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
    path: str = "",
    peek: int | None = None,
) -> HttpResponseBase:
    """What the address asks for. `template` is the page, which includes `components/table.html`.

    A view that takes a form of the panel, and refuses it, gives the `path` of the list and the row that it was about.
    """
    listing = Listing(table, request, path=path, peek=peek)
    if request.GET.get("export") == "csv":
        return export_csv(request, listing)
    context = {**(context or {}), "table": listing}
    if request.htmx.target == "peek":
        return render(request, "components/_table_peek.html", context, status=status)
    if request.htmx.target == "results":
        return _with_address(request, listing, render(request, "components/_table_results.html", context))
    if not request.GET and request.method == "GET" and (first := _find_default(listing)):
        return redirect(f"{request.path}?{first.query}")
    return render(request, template, {**context, "whole": True}, status=status)


def _with_address(request: PageRequest, listing: Listing, response: HttpResponse) -> HttpResponse:
    """The browser shows the shortest address; while somebody types, without a step that Back would undo."""
    if "HX-Request" in request.headers and request.htmx.trigger not in ("results", None):
        name = "HX-Replace-Url" if request.htmx.trigger == SEARCH_BOX else "HX-Push-Url"
        response[name] = listing.here
    return response


def _find_default(listing: Listing) -> SavedView | None:
    """Only one that says something: the way to another would lead here again."""
    return next((view for view in listing.own_views if view.is_default and QueryDict(view.query)), None)
