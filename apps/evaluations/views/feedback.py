"""Pages about answers that were wrong: saying so, and the drafts that came of it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import Conflict, InvalidInput
from apps.core.htmx import PageRequest
from apps.core.refusals import say_refusal
from apps.core.targets.registry import get_target, known_targets
from apps.evaluations.forms import AcceptForm, FeedbackForm
from apps.evaluations.models import Case, CaseOrigin, Suite
from apps.evaluations.presenting.cases import read_key, read_text
from apps.evaluations.presenting.outcomes import list_ids, show_answers
from apps.evaluations.services.cases import update_case
from apps.evaluations.services.feedback import accept_feedback, dismiss_feedback, give_feedback

DRAFTS_A_PAGE = 15


@login_required
@permission_required("evaluations.give_feedback", raise_exception=True)
@require_http_methods(["GET", "POST"])
@cache_control(private=True, no_cache=True)
def say_wrong(request: PageRequest) -> HttpResponse:
    """The answer that the address names, and what would have been right."""
    target_name, trace_id = request.GET.get("target", ""), read_text(request.GET, "trace")
    if target_name not in known_targets():
        raise Http404
    target = get_target(target_name)
    answer = target.find_answer(trace_id)
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


@login_required
@permission_required("evaluations.change_case", raise_exception=True)
@require_GET
@cache_control(private=True, no_cache=True)
def list_drafts(request: HttpRequest) -> HttpResponse:
    return _render_drafts(request)


@login_required
@permission_required("evaluations.change_case", raise_exception=True)
@require_POST
def accept_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Into the suite that was chosen, with the question and the right answers as they were edited."""
    case = _get_draft(pk)
    form = AcceptForm(request.POST, suites=_suites_for(case.suite.target), prefix=str(pk))
    if not form.is_valid():
        return _render_drafts(request, form, pk)
    data = form.cleaned_data
    try:
        with transaction.atomic():
            if data["query"] and data["query"] != case.query:
                case = update_case(case=case, changes={"query": data["query"]}, user_id=request.user.pk)
            chosen = {"suite": data["suite"], "expected": data["expected"]}
            case = accept_feedback(case=case, user_id=request.user.pk, **chosen)
    except InvalidInput as error:
        form.add_input_errors(error)
        return _render_drafts(request, form, pk)
    except Conflict as error:
        messages.warning(request, str(error))
        return redirect("evaluations:drafts")
    messages.success(request, f"“{case}” is a case of {case.suite} now. The next sweep asks it.")
    return redirect("evaluations:drafts")


@login_required
@permission_required("evaluations.change_case", raise_exception=True)
@require_POST
def dismiss_draft(request: HttpRequest, pk: int) -> HttpResponse:
    case = _get_draft(pk)
    with say_refusal(request):
        dismiss_feedback(case=case, user_id=request.user.pk)
        messages.success(request, f"“{case}” is dismissed.")
    return redirect("evaluations:drafts")


def _get_draft(pk: int) -> Case:
    return get_object_or_404(Case.objects.select_related("suite"), pk=pk)


def _suites_for(target: str) -> list[Suite]:
    return list(Suite.objects.filter(target=target))


def _render_drafts(request: HttpRequest, refused: AcceptForm | None = None, pk: int = 0) -> HttpResponse:
    drafts = Case.objects.drafts().select_related("suite", "created_by").order_by("-updated_at")
    if suite := read_key(request.GET, "suite"):
        drafts = drafts.filter(suite=suite)
    page = Paginator(drafts, DRAFTS_A_PAGE).get_page(request.GET.get("page"))
    cases = list(page.object_list)
    suites = list(Suite.objects.all())
    rows: list[dict[str, Any]] = []
    for case in cases:
        fitting = [one for one in suites if one.target == case.suite.target]
        form = refused if refused is not None and case.pk == pk else AcceptForm.of(case, fitting)
        rows.append({"case": case, "form": form, "is_feedback": case.origin == CaseOrigin.FEEDBACK})
    context = {"page": page, "rows": rows, "shown": _show_all(cases)}
    return render(request, "evaluations/drafts.html", context, status=422 if refused else 200)


def _show_all(cases: list[Case]) -> dict[Any, Any]:
    """The answers of all drafts, asked of each target once."""
    shown: dict[Any, Any] = {}
    for name in {case.suite.target for case in cases}:
        ids = [
            one for case in cases if case.suite.target == name
            for one in list_ids(case.expected, case.source.get("got", []))
        ]  # fmt: skip
        shown |= show_answers(get_target(name), ids)
    return shown
