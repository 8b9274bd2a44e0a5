"""Pages about answers that were wrong: saying so, and the drafts that came of it."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from apps.core.errors import Conflict, InvalidInput
from apps.core.htmx import PageRequest
from apps.core.refusals import say_refusal
from apps.core.tables import render_table
from apps.core.tables.actions import read_rows
from apps.core.tables.reading import read_text
from apps.core.tables.views import go_back
from apps.core.targets.registry import get_target, known_targets
from apps.evaluations.forms import AcceptForm, FeedbackForm
from apps.evaluations.lists.drafts import DraftTable
from apps.evaluations.models import Case, Suite
from apps.evaluations.presenting.outcomes import list_ids, show_answers
from apps.evaluations.services.cases import update_case
from apps.evaluations.services.feedback import accept_feedback, dismiss_feedback, give_feedback


@require_http_methods(["GET", "POST"])
@cache_control(private=True, no_cache=True)
def say_wrong(request: PageRequest) -> HttpResponse:
    """The answer that the address names, and what would have been right."""
    target_name, trace_id = request.GET.get("target", ""), read_text(request.GET, "trace")
    if target_name not in known_targets():
        raise Http404
    target = get_target(target_name)
    answer = target.find_answer(trace_id, user=request.user)
    if answer is None:
        return render(request, "evaluations/forgotten.html", status=404)
    text = read_text(request.GET, "q")
    found = target.suggest_answers(text, answer["filters"]) if text else []
    if request.htmx.target == "suggestions":
        return render(request, "evaluations/_suggestions.html", {"found": found, "text": text})
    form = FeedbackForm(request.POST) if request.method == "POST" else FeedbackForm()
    if form.is_valid():
        try:
            case = give_feedback(
                target=target_name,
                trace_id=trace_id,
                expected=form.cleaned_data["expected"],
                note=form.cleaned_data["note"],
                user_id=request.user.pk,
            )
            return render(request, "evaluations/thanks.html", {"case": case})
        except Conflict as error:
            form.add_error(None, str(error))
        except InvalidInput as error:
            form.add_input_errors(error)
    shown = show_answers(target, list_ids([], answer["got"]))
    context = {"target": target, "answer": answer, "shown": shown, "form": form, "found": found, "text": text}
    return render(request, "evaluations/feedback.html", context, status=422 if form.errors else 200)


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def list_drafts(request: PageRequest) -> HttpResponseBase:
    return render_table(request, DraftTable(), "evaluations/drafts.html")


@require_POST
def accept_draft(request: PageRequest, pk: int) -> HttpResponseBase:
    """Into the suite that was chosen, with the question and the right answers as they were edited."""
    case = _get_draft(pk)
    form = AcceptForm(request.POST, suites=_suites_for(case.suite.target), prefix=str(pk))
    if not form.is_valid():
        return _show_refused(request, form, pk)
    data = form.cleaned_data
    try:
        with transaction.atomic():
            if data["query"] and data["query"] != case.query:
                case = update_case(case=case, changes={"query": data["query"]}, user_id=request.user.pk)
            chosen = {"suite": data["suite"], "expected": data["expected"]}
            case = accept_feedback(case=case, user_id=request.user.pk, **chosen)
    except InvalidInput as error:
        form.add_input_errors(error)
        return _show_refused(request, form, pk)
    except Conflict as error:
        messages.warning(request, str(error))
        return redirect("evaluations:drafts")
    messages.success(request, f"“{case}” is a case of {case.suite} now. The next sweep asks it.")
    return redirect("evaluations:drafts")


@require_POST
def dismiss_draft(request: HttpRequest, pk: int) -> HttpResponse:
    case = _get_draft(pk)
    with say_refusal(request):
        dismiss_feedback(case=case, user_id=request.user.pk)
        messages.success(request, f"“{case}” is dismissed.")
    return redirect("evaluations:drafts")


@require_POST
def dismiss_drafts(request: HttpRequest) -> HttpResponse:
    """Dismisses the drafts that were selected."""
    drafts, dismissed = Case.objects.drafts().filter(pk__in=read_rows(request.POST)), 0
    for case in drafts if request.POST.get("action") == "dismiss" else ():
        with say_refusal(request):
            dismiss_feedback(case=case, user_id=request.user.pk)
            dismissed += 1
    messages.success(request, f"{dismissed} {'draft is' if dismissed == 1 else 'drafts are'} dismissed.")
    return go_back(request)


def _get_draft(pk: int) -> Case:
    return get_object_or_404(Case.objects.select_related("suite"), pk=pk)


def _suites_for(target: str) -> list[Suite]:
    return list(Suite.objects.filter(target=target))


def _show_refused(request: PageRequest, form: AcceptForm, pk: int) -> HttpResponseBase:
    """The list with the draft beside it, and what is wrong at the fields."""
    path = reverse("evaluations:drafts")
    return render_table(request, DraftTable(form), "evaluations/drafts.html", status=422, path=path, peek=pk)
