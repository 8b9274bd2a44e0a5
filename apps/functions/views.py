"""Pages: search with its panel, a function with its history, writing one, importing many.

Who may ask for which is in the access table.
"""

from dataclasses import dataclass
from typing import Any, Self

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from apps.core.errors import Conflict, InvalidInput
from apps.core.htmx import PageRequest
from apps.core.models import Job
from apps.core.refusals import say_refusal
from apps.core.tables import render_table
from apps.core.tables.actions import read_rows
from apps.core.tables.views import go_back
from apps.functions import overview
from apps.functions.forms import EditFunctionForm, ImportForm, NewFunctionForm
from apps.functions.history import describe_revisions
from apps.functions.lists import FunctionTable
from apps.functions.models import Function, FunctionState, Origin
from apps.functions.rendering import render_code
from apps.functions.services import catalogue, importing, searching
from apps.functions.uploads import start_upload

RESULTS = 20
REVISIONS = 20
IMPORTS = 8


@dataclass(frozen=True, slots=True)
class SearchState:
    """What the search page's address says. `function` is the key of the one in the panel."""

    query: str
    language: str
    library: str
    function: int | None

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        key = data.get("function", "")
        function = int(key) if key.isascii() and key.isdigit() and len(key) < 20 else None
        # PostgreSQL can not even be asked about a name with a NUL in it.
        library = data.get("library", "").replace("\0", "\ufffd")
        return cls(data.get("q", "").strip(), data.get("language", ""), library, function)


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def search(request: PageRequest) -> HttpResponse:
    """The page; its list of results alone when htmx asks for that, or its panel."""
    state = SearchState.read(request.GET)
    if request.htmx.target == "peek":
        return render(request, "functions/_peek.html", _peek_context(state))
    context = {"state": state, "overview": overview.read_overview(), "index": overview.read_index_progress()}
    context |= {"most": searching.MAX_QUERY, **_find(state, request.user.pk)}
    partial = request.htmx.target == "results"
    if not partial:
        context |= _peek_context(state)
    template = "functions/_results.html" if partial else "functions/search.html"
    return render(request, template, context, status=422 if context["errors"] else 200)


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def browse(request: PageRequest) -> HttpResponseBase:
    return render_table(request, FunctionTable(), "functions/browse.html")


@require_POST
def change_functions(request: HttpRequest) -> HttpResponse:
    """Publishes or retires the functions that were selected."""
    state, chosen = request.POST.get("action", ""), Function.objects.filter(pk__in=read_rows(request.POST))
    with say_refusal(request):
        changed = catalogue.set_state(functions=chosen, state=state, user_id=request.user.pk, origin=Origin.PAGE)
        messages.success(request, f"{changed:,} {'function is' if changed == 1 else 'functions are'} {state} now.")
    return go_back(request)


@require_GET
def show_index_state(request: HttpRequest) -> HttpResponse:
    return render(request, "functions/_index_state.html", {"index": overview.read_index_progress()})


@require_GET
@cache_control(private=True, no_cache=True)
def show_function(request: HttpRequest, pk: int) -> HttpResponse:
    function = _get_function(pk)
    context = {
        "function": function,
        "code": render_code(function.code, function.language, first_line=function.line or 1),
        "similar": searching.similar_functions(function=function),
        "revisions": function.revisions.select_related("changed_by").defer("data")[:REVISIONS],
    }
    return render(request, "functions/detail.html", context)


@require_GET
def show_revision(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    function = _get_function(pk)
    revision = get_object_or_404(function.revisions.select_related("changed_by"), number=number)
    [change] = describe_revisions(function, [revision])
    context = {"function": function, "revision": revision, "changes": change.changes, "older": number - 1}
    return render(request, "functions/revision.html", context)


@require_http_methods(["GET", "POST"])
def add_function(request: HttpRequest) -> HttpResponse:
    form = NewFunctionForm(request.POST or None)
    if form.is_valid():
        data = {**form.record(), "id": form.cleaned_data["id"]}
        library = form.cleaned_data["library"]
        try:
            function = catalogue.create_function(
                data=data, library=library, user_id=request.user.pk, origin=Origin.PAGE
            )
            return redirect(function)
        except InvalidInput as error:
            form.add_input_errors(error)
    context = {"form": form, "overview": overview.read_overview()}
    return render(request, "functions/edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def edit_function(request: HttpRequest, pk: int) -> HttpResponse:
    function = _get_function(pk)
    form = EditFunctionForm(request.POST) if request.method == "POST" else EditFunctionForm.of(function)
    if form.is_valid():
        try:
            catalogue.update_function(
                function=function,
                changes=form.record(),
                user_id=request.user.pk,
                origin=Origin.PAGE,
                note=form.cleaned_data["note"],
                expected_revision=form.cleaned_data["revision"],
            )
            return redirect(function)
        except InvalidInput as error:
            form.add_input_errors(error)
        except Conflict:
            return _render_conflict(request, function, form.cleaned_data["revision"])
    context = {"form": form, "function": function}
    return render(request, "functions/edit.html", context, status=422 if form.errors else 200)


@require_POST
def set_state(request: HttpRequest, pk: int) -> HttpResponse:
    function, state = _get_function(pk), request.POST.get("state", "")
    one = Function.objects.filter(pk=pk)
    with say_refusal(request):
        catalogue.set_state(functions=one, state=state, user_id=request.user.pk, origin=Origin.PAGE)
        messages.success(request, f"{function} is {FunctionState(state).label.lower()} now.")
    return redirect(function)


@require_POST
def restore_revision(request: HttpRequest, pk: int) -> HttpResponse:
    function, number = _get_function(pk), request.POST.get("number", "")
    with say_refusal(request):
        wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
        catalogue.restore_revision(function=function, number=wanted, user_id=request.user.pk, origin=Origin.PAGE)
        messages.success(request, f"{function} is again what it was at revision {wanted}.")
    return redirect(function)


@require_http_methods(["GET", "POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if form.is_valid():
        options = {**form.cleaned_data, "language": form.cleaned_data["language"] or None}
        try:
            job = start_upload(upload=options.pop("file"), user_id=request.user.pk, **options)
            return redirect("core:job", job.pk)
        except InvalidInput as error:
            form.add_input_errors(error)
    recent = Job.objects.filter(kind=importing.KIND).select_related("created_by").defer("result")[:IMPORTS]
    context = {"form": form, "recent": recent, "overview": overview.read_overview()}
    return render(request, "functions/import.html", context, status=422 if form.errors else 200)


def _get_function(pk: int) -> Function:
    return get_object_or_404(Function.objects.with_library(), pk=pk)


def _find(state: SearchState, user_id: int | None) -> dict[str, Any]:
    """The answer to the state's query, or what is wrong with it, or what one might ask."""
    if not state.query:
        return {"answer": None, "errors": {}, "examples": overview.read_examples()}
    try:
        answer = searching.search_functions(
            query=state.query,
            language=state.language or None,
            library=state.library or None,
            limit=RESULTS,
            user_id=user_id,
        )
    except InvalidInput as error:
        return {"answer": None, "errors": error.errors}
    return {"answer": answer, "errors": {}}


def _peek_context(state: SearchState) -> dict[str, Any]:
    if state.function is None:
        return {"state": state, "peeked": None}
    function = Function.objects.with_library().filter(pk=state.function).first()
    if function is None:
        return {"state": state, "peeked": None}
    code = render_code(function.code, function.language, first_line=function.line or 1)
    return {"state": state, "peeked": function, "code": code}


def _render_conflict(request: HttpRequest, function: Function, opened_revision: int) -> HttpResponse:
    """The form again with what was typed, now against the newest revision, and what changed since it was opened."""
    current = _get_function(function.pk)
    known = function.revisions.filter(number__in=[opened_revision, current.revision])
    newest, *opened = known.order_by("-number")
    changes = catalogue.diff_revisions(opened[0] if opened else None, newest)
    again = EditFunctionForm({**request.POST.dict(), "revision": str(current.revision)})
    context = {"form": again, "function": current, "conflict": True, "changes": changes}
    return render(request, "functions/edit.html", context, status=409)
