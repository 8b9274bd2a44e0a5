"""Pages about runs: one while it goes on, its report with its cases, and what is done from there."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from apps.core.audit import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.htmx import PageRequest
from apps.core.refusals import say_refusal
from apps.core.tables.reading import read_key
from apps.evaluations.forms import AcknowledgeForm
from apps.evaluations.models import CaseOutcome, Run, Verdict
from apps.evaluations.presenting import downloads, outcomes, overview, report
from apps.evaluations.services import analysing, running
from apps.evaluations.services.acknowledging import acknowledge
from apps.users.permissions import get_user

CASES_A_PAGE = 40


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def show_run(request: PageRequest, pk: int) -> HttpResponse:
    """Its progress while it goes on, its report when it is over; for htmx their parts."""
    run, target = get_run(pk), request.htmx.target
    if target == "progress":
        return _render_progress(request, run)
    if not run.is_over:
        return render(request, "evaluations/run.html", {"run": run, "progress": report.describe_progress(run)})
    baseline = choose_baseline(request, run)
    state = outcomes.OutcomeList.read(request.GET)
    context: dict[str, Any] = {"run": run, "suite": run.suite, "baseline": baseline, "state": state}
    if target == "peek":
        return render(request, "evaluations/_outcome_peek.html", context | _peek(run, baseline, state.case))
    context["page"] = Paginator(state.find(run, baseline), CASES_A_PAGE).get_page(request.GET.get("page"))
    context["shows"] = outcomes.SHOWS
    if target == "results":
        return render(request, "evaluations/_outcome_list.html", context)
    context["facets"] = outcomes.list_facets(run, state)
    context |= _peek(run, baseline, state.case) | _report_context(request, run, baseline)
    return render(request, "evaluations/run.html", context)


@require_POST
def cancel_run(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_run(pk)
    with say_refusal(request):
        running.cancel_run(run=run)
    return redirect(run)


@require_POST
def run_again(request: HttpRequest, pk: int) -> HttpResponse:
    """A new run of the suite, compared with this one."""
    run = get_run(pk)
    usable = run.state == "succeeded" and not run.outcomes_pruned
    try:
        note = f"Again, after #{run.pk}"
        again = running.start_run(suite=run.suite, baseline=run if usable else None, note=note, user_id=request.user.pk)
        return redirect(again)
    except InvalidInput as error:
        messages.error(request, str(error))
        return redirect(run)


@require_POST
def acknowledge_report(request: HttpRequest, pk: int) -> HttpResponse:
    run, form = get_run(pk), AcknowledgeForm(request.POST)
    if not hasattr(run, "report"):
        raise Http404
    if form.is_valid():
        try:
            acknowledge(report=run.report, user=get_user(request), comment=form.cleaned_data["comment"])
            messages.success(request, "The report is acknowledged.")
        except (InvalidInput, Conflict) as error:
            messages.error(request, str(error))
    else:
        messages.error(request, "Say in the comment what it was.")
    return redirect(run)


@require_POST
def fix_case(request: PageRequest, pk: int, case: int) -> HttpResponse:
    """Does what a diagnosis proposed, or takes an answer as right; htmx gets the panel again with what was done."""
    run = get_run(pk)
    outcome = get_object_or_404(CaseOutcome.objects.select_related("case"), run=run, case=case)
    outcome.run = run
    values = {name: str(value) for name, value in request.POST.items() if name not in ("csrfmiddlewaretoken", "fix")}
    done, errors, status = "", {}, 200
    try:
        name = request.POST.get("fix", "")
        done = analysing.fix_cause(outcome=outcome, name=name, values=values, user_id=request.user.pk)
    except InvalidInput as error:
        errors, status = error.errors, 422
    if request.htmx.target != "peek":
        messages.add_message(request, messages.ERROR if errors else messages.SUCCESS, done or _join(errors))
        return redirect(f"{run.get_absolute_url()}?{request.GET.urlencode()}#cases")
    baseline = choose_baseline(request, run)
    context: dict[str, Any] = {"run": run, "baseline": baseline, "state": outcomes.OutcomeList.read(request.GET)}
    context |= {**_peek(run, baseline, case), "done": done, "errors": errors}
    return render(request, "evaluations/_outcome_peek.html", context, status=status)


@require_GET
@cache_control(private=True, no_cache=True)
def download_report(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    run = get_run(pk)
    if form not in dict(downloads.TITLES) or not hasattr(run, "report"):
        raise Http404
    data, _ = _read_report(request, run, choose_baseline(request, run))
    record("report.exported", subject=run, form=form)
    return downloads.make_download(data, form, url=request.build_absolute_uri(run.get_absolute_url()))


def get_run(pk: int) -> Run:
    known = Run.objects.select_related("suite", "created_by", "schedule", "baseline", "report__acknowledged_by")
    return get_object_or_404(known.defer("plan", "baseline__plan"), pk=pk)


def choose_baseline(request: HttpRequest, run: Run) -> Run | None:
    """The run that the address names, or the one that the report was made against."""
    wanted = read_key(request.GET, "baseline")
    if wanted is None or wanted == run.baseline_id:
        return run.baseline
    others = Run.objects.defer("plan").filter(suite=run.suite_id, outcomes_pruned=False).exclude(pk=run.pk)
    return others.succeeded().filter(pk=wanted).first() or run.baseline


def _render_progress(request: HttpRequest, run: Run) -> HttpResponse:
    context = {"run": run, "progress": report.describe_progress(run)}
    response = render(request, "evaluations/_progress.html", context)
    if run.is_over:
        response["HX-Refresh"] = "true"  # what comes now is another page
    return response


def _peek(run: Run, baseline: Run | None, case: int | None) -> dict[str, Any]:
    return {"key": case, "peek": outcomes.look_at(run, baseline, case)}


def _read_report(request: HttpRequest, run: Run, baseline: Run | None) -> tuple[dict[str, Any], str]:
    """The stored report, or one made now against another baseline; and why that could not be made."""
    data = run.report.data
    if baseline is None or baseline.pk == run.report.baseline_id or data["verdict"] == Verdict.FAILED:
        return data, ""
    try:
        return {**report.compare_live(run, baseline), "causes": data.get("causes", [])}, ""
    except InvalidInput as error:
        return data, str(error)


def _report_context(request: HttpRequest, run: Run, baseline: Run | None) -> dict[str, Any]:
    if not hasattr(run, "report"):
        return {"data": None}
    data, problem = _read_report(request, run, baseline)
    context: dict[str, Any] = {
        "data": data,
        "problem": problem,
        "is_live": baseline is not None and baseline.pk != run.report.baseline_id,
        "others": overview.list_comparable(run),
        "forms": downloads.TITLES,
        "acknowledge_form": AcknowledgeForm(),
    }
    if "summary" in data:
        measures = report.list_measures(data)
        context |= {
            "measures": measures,
            "reach": report.find_reach([row.compared for row in measures if row.compared]),
            "slices": report.list_slices(data),
            "dimensions": report.list_dimensions(data["summary"]),
        }
    return context


def _join(errors: dict[str, str]) -> str:
    return "; ".join(f"{field}: {reason}" for field, reason in errors.items())
