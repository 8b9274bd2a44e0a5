"""Pages about cases: those of a suite, one with its history, and ways to add some."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from apps.core.errors import InvalidInput
from apps.core.htmx import PageRequest
from apps.core.refusals import say_refusal
from apps.core.tables import render_table
from apps.core.tables.actions import read_rows
from apps.core.tables.views import go_back
from apps.core.targets.registry import get_target
from apps.core.targets.types import CaseRecord
from apps.evaluations.forms import CaseForm, GenerateCasesForm, ImportCasesForm
from apps.evaluations.lists.cases import CaseTable
from apps.evaluations.models import Case, CaseState
from apps.evaluations.presenting.outcomes import list_ids, show_answers
from apps.evaluations.services import cases as services
from apps.evaluations.services.generating import generate_suite, start_generation
from apps.evaluations.services.importing import find_form, import_cases
from apps.evaluations.views.suites import get_suite, suite_context

OUTCOMES = 12
REVISIONS = 20
AT_ONCE = 2_000
"""Generating more takes longer than a page should: that is a job."""


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def list_cases(request: PageRequest, pk: int) -> HttpResponseBase:
    suite = get_suite(pk)
    return render_table(request, CaseTable(suite), "evaluations/cases.html", suite_context(suite))


@require_POST
def change_cases(request: HttpRequest, pk: int) -> HttpResponse:
    """Activates or retires the cases that were selected."""
    suite, state = get_suite(pk), request.POST.get("action", "")
    with say_refusal(request):
        if state not in (CaseState.ACTIVE, CaseState.RETIRED):
            raise InvalidInput({"action": f"is none of {CaseState.ACTIVE}, {CaseState.RETIRED}"})
        cases = list(suite.cases.filter(pk__in=read_rows(request.POST)))
        changed = services.set_states(cases=cases, state=CaseState(state), user_id=request.user.pk)
        messages.success(request, f"{changed:,} {'case is' if changed == 1 else 'cases are'} {state} now.")
    return go_back(request)


@require_http_methods(["GET", "POST"])
@cache_control(private=True, no_cache=True)
def show_case(request: HttpRequest, pk: int) -> HttpResponse:
    case = _get_case(pk)
    form = CaseForm(request.POST, suite=case.suite) if request.method == "POST" else CaseForm.of(case)
    if form.is_valid():
        try:
            services.update_case(case=case, changes=form.changes(), user_id=request.user.pk)
            messages.success(request, "Saved.")
            return redirect(case)
        except InvalidInput as error:
            form.add_input_errors(error)
            case = _get_case(pk)
    outcomes = case.outcomes.select_related("run").defer("run__plan", "run__summary", "run__pinned", "trace")
    context = {
        "form": form,
        "outcomes": outcomes.order_by("-run_id")[:OUTCOMES],
        "revisions": case.revisions.select_related("changed_by")[:REVISIONS],
        **_look_at(case),
    }
    return render(request, "evaluations/case.html", context, status=422 if form.errors else 200)


@require_POST
def set_state(request: HttpRequest, pk: int) -> HttpResponse:
    case, state = _get_case(pk), request.POST.get("state", "")
    with say_refusal(request):
        services.update_case(case=case, changes={"state": state}, user_id=request.user.pk)
        messages.success(request, f"The case is {state} now.")
    return redirect(case)


@require_http_methods(["GET", "POST"])
def add_case(request: HttpRequest, pk: int) -> HttpResponse:
    """Writes one case; the page has the other ways beside it."""
    suite = get_suite(pk)
    form = CaseForm(request.POST if request.method == "POST" else None, suite=suite)
    if form.is_valid():
        changes = form.changes()
        note, tags = changes.pop("note"), tuple(changes.pop("tags"))
        record = CaseRecord(external_id="", tags=tags, **{**changes, "query": changes["query"].strip()})
        try:
            case = services.add_case(suite=suite, record=record, note=note, user_id=request.user.pk)
            messages.success(request, f"“{case}” is a case of {suite} now.")
            return redirect("evaluations:add_cases", pk)
        except InvalidInput as error:
            form.add_input_errors(error)
    return _render_adding(request, pk, case_form=form)


@require_POST
def import_file(request: HttpRequest, pk: int) -> HttpResponse:
    suite, form = get_suite(pk), ImportCasesForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            kind = find_form(file.name)
            done = import_cases(suite_name=suite.name, stream=file, form=kind, user_id=request.user.pk)
            messages.success(request, f"{file.name}: {_count(done)}.")
            if unknown := done["unknown_answers"]:
                messages.warning(request, f"{unknown:,} of its right answers are not there to be found.")
            return redirect("evaluations:cases", pk)
        except InvalidInput as error:
            form.add_input_errors(error)
    return _render_adding(request, pk, import_form=form)


@require_POST
def generate(request: HttpRequest, pk: int) -> HttpResponse:
    suite, form = get_suite(pk), GenerateCasesForm(request.POST)
    if form.is_valid():
        options = {"suite": suite, "user_id": request.user.pk, **form.cleaned_data}
        try:
            if options["count"] > AT_ONCE:
                return redirect("core:job", start_generation(**options).pk)
            done = generate_suite(**options)
            messages.success(request, f"Generated: {_count(done)}.")
            return redirect("evaluations:cases", pk)
        except InvalidInput as error:
            form.add_input_errors(error)
    return _render_adding(request, pk, generate_form=form)


def _get_case(pk: int) -> Case:
    return get_object_or_404(Case.objects.select_related("suite", "created_by"), pk=pk)


def _look_at(case: Case | None) -> dict[str, Any]:
    """A case with its right answers as pages show them; nothing without one."""
    if case is None:
        return {}
    return {"case": case, "shown": show_answers(get_target(case.suite.target), list_ids(case.expected))}


def _render_adding(request: HttpRequest, pk: int, **forms: Any) -> HttpResponse:
    suite = get_suite(pk)
    context = {
        "case_form": CaseForm(suite=suite),
        "import_form": ImportCasesForm(),
        "generate_form": GenerateCasesForm(),
        **suite_context(suite),
        **forms,
    }
    refused = any(form.errors for form in forms.values())
    return render(request, "evaluations/add_cases.html", context, status=422 if refused else 200)


def _count(stored: dict[str, Any]) -> str:
    return ", ".join(f"{stored[name]:,} {name}" for name in ("created", "changed", "unchanged"))
