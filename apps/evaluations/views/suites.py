"""Pages about suites: all of them, one with its runs, its settings, a new one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from apps.core.confirming import ask_to_confirm
from apps.core.errors import InvalidInput
from apps.core.htmx import PageRequest
from apps.core.refusals import say_refusal
from apps.core.tables import render_table
from apps.core.tables.reading import read_key
from apps.core.targets.registry import get_target
from apps.evaluations.forms import NewSuiteForm, StartForm, SuiteForm
from apps.evaluations.lists.suites import SuiteTable
from apps.evaluations.models import Run, RunState, Suite
from apps.evaluations.presenting import overview
from apps.evaluations.presenting.words import explain_suite, say_what_goes
from apps.evaluations.services import deleting, running, suites
from apps.evaluations.services.scheduling import describe_schedules

RUNS_SHOWN = 10
BASELINES = 40


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def list_suites(request: PageRequest) -> HttpResponseBase:
    return render_table(request, SuiteTable(), "evaluations/suites.html", {"alarms": overview.list_alarms()})


@require_GET
@cache_control(private=True, no_cache=True)
def show_suite(request: HttpRequest, pk: int) -> HttpResponse:
    return render_suite(request, get_suite(pk))


@require_POST
def start_run(request: HttpRequest, pk: int) -> HttpResponse:
    suite = get_suite(pk)
    form = _start_form(suite, request.POST)
    if form.is_valid():
        options = {"baseline": form.baseline_run, "note": form.cleaned_data["note"]}
        try:
            return redirect(running.start_run(suite=suite, user_id=request.user.pk, **options))
        except InvalidInput as error:
            form.add_input_errors(error)
    return render_suite(request, suite, form, status=422)


@require_http_methods(["GET", "POST"])
def add_suite(request: HttpRequest) -> HttpResponse:
    form = NewSuiteForm(request.POST) if request.method == "POST" else NewSuiteForm()
    if form.is_valid():
        try:
            target = form.cleaned_data["target"]
            suite = suites.create_suite(target=target, user_id=request.user.pk, **form.settings())
            return redirect("evaluations:add_cases", suite.pk)
        except InvalidInput as error:
            form.add_input_errors(error)
    return render(request, "evaluations/new_suite.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def edit_suite(request: HttpRequest, pk: int) -> HttpResponse:
    suite = get_suite(pk)
    form = SuiteForm(request.POST) if request.method == "POST" else SuiteForm.of(suite)
    if form.is_valid():
        try:
            suites.update_suite(suite=suite, changes=form.settings())
            messages.success(request, "Saved. Reports that are written stay as they are.")
            return redirect("evaluations:settings", suite.pk)
        except InvalidInput as error:
            form.add_input_errors(error)
            suite = get_suite(pk)
    baselines = suite.runs.succeeded().only("pk", "suite", "note", "finished_at", "summary")[:BASELINES]
    context = {**suite_context(suite), "form": form, "baselines": baselines, "sentences": explain_suite(suite)}
    context["what_goes"] = say_what_goes(deleting.count_parts(suite))
    return render(request, "evaluations/settings.html", context, status=422 if form.errors else 200)


@require_POST
def pin_baseline(request: HttpRequest, pk: int) -> HttpResponse:
    """Pins the run whose number was sent; without one the pin is taken out."""
    suite, key = get_suite(pk), read_key(request.POST, "run")
    run = Run.objects.defer("plan").filter(pk=key).first() if key else None
    if run is None and request.POST.get("run"):
        messages.error(request, "There is no such run.")
        return redirect("evaluations:settings", pk)
    with say_refusal(request):
        suites.pin_baseline(suite=suite, run=run)
        said = f"Later runs are compared with #{run.pk} now." if run else "No run is pinned now."
        messages.success(request, said)
    return redirect(run if run and run.suite_id == pk else "evaluations:settings", *([] if run else [pk]))


@require_POST
def delete_suite(request: HttpRequest, pk: int) -> HttpResponse:
    suite = get_suite(pk)
    question = ask_to_confirm(
        request,
        phrase=suite.name,
        title="Delete this suite?",
        text=say_what_goes(deleting.count_parts(suite)),
        button="Delete the suite",
        cancel=reverse("evaluations:settings", args=[pk]),
    )
    if question:
        return question
    with say_refusal(request):
        deleting.delete_suite(suite=suite)
        messages.success(request, f"“{suite.name}” is deleted.")
        return redirect("evaluations:suites")
    return redirect("evaluations:settings", pk)


def get_suite(pk: int) -> Suite:
    return get_object_or_404(Suite, pk=pk)


def suite_context(suite: Suite) -> dict[str, Any]:
    """What the head of each of a suite's pages needs."""
    return {"suite": suite, "target": get_target(suite.target), "counts": overview.count_cases(suite)}


def render_suite(request: HttpRequest, suite: Suite, form: StartForm | None = None, status: int = 200) -> HttpResponse:
    trend = overview.list_trend(suite)
    context = {
        **suite_context(suite),
        "runs": overview.list_runs(suite)[:RUNS_SHOWN],
        "measured": trend[-1] if trend else None,
        "chart": overview.draw_trend(trend, suite),
        "trend": trend,
        "start_form": form or _start_form(suite),
        "schedules": [row for row in describe_schedules() if row.schedule.suite_id == suite.pk],
        "sentences": explain_suite(suite),
    }
    return render(request, "evaluations/suite.html", context, status=status)


def _start_form(suite: Suite, data: Any = None) -> StartForm:
    comparable = suite.runs.filter(state=RunState.SUCCEEDED, outcomes_pruned=False)
    good = list(comparable.only("pk", "suite", "note")[:BASELINES])
    automatic = f"The pinned run, #{suite.baseline_id}" if suite.baseline_id else "The last good run"
    return StartForm(data, runs=good, automatic=automatic)
