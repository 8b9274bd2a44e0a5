"""Pages about schedules: when each is due, what became of the last one, and editing them."""

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
from apps.evaluations.forms import ScheduleForm
from apps.evaluations.lists.schedules import ScheduleTable
from apps.evaluations.models import Schedule
from apps.evaluations.services import scheduling


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def list_schedules(request: PageRequest) -> HttpResponseBase:
    return render_table(request, ScheduleTable(), "evaluations/schedules.html")


@require_http_methods(["GET", "POST"])
def add_schedule(request: HttpRequest) -> HttpResponse:
    form = ScheduleForm(request.POST or None, initial={"suite": request.GET.get("suite"), "words": "every night at 2"})
    return _edit(request, form, None)


@require_http_methods(["GET", "POST"])
def edit_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    schedule = _get_schedule(pk)
    return _edit(
        request, ScheduleForm(request.POST) if request.method == "POST" else ScheduleForm.of(schedule), schedule
    )


@require_POST
def pause_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Pauses a schedule, or sets a paused one going."""
    schedule = _get_schedule(pk)
    enabled = request.POST.get("enabled") == "yes"
    fields = ("suite", "words", "compare_with", "emails", "webhook_url", "webhook_secret")
    settings = {name: getattr(schedule, name) for name in fields}
    with say_refusal(request):
        scheduling.save_schedule(schedule=schedule, enabled=enabled, user_id=request.user.pk, **settings)
        messages.success(request, f"“{schedule.words}” of {schedule.suite} {'goes on' if enabled else 'is paused'}.")
    return redirect("evaluations:schedules")


@require_POST
def delete_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    schedule = _get_schedule(pk)
    question = ask_to_confirm(
        request,
        phrase=schedule.suite.name,
        title="Delete this schedule?",
        text="No sweep starts by it any more. Its runs and reports stay.",
        button="Delete the schedule",
        cancel=reverse("evaluations:schedule", args=[pk]),
    )
    if question:
        return question
    said = f"“{schedule.words}” of {schedule.suite} is deleted. Its runs stay."
    scheduling.delete_schedule(schedule=schedule)
    messages.success(request, said)
    return redirect("evaluations:schedules")


def _get_schedule(pk: int) -> Schedule:
    return get_object_or_404(Schedule.objects.select_related("suite", "periodic_task"), pk=pk)


def _edit(request: HttpRequest, form: ScheduleForm, schedule: Schedule | None) -> HttpResponse:
    if form.is_valid():
        enabled = schedule.periodic_task.enabled if schedule else True
        try:
            saved = scheduling.save_schedule(
                schedule=schedule, enabled=enabled, user_id=request.user.pk, **form.cleaned_data
            )
            messages.success(request, f"{saved.suite} is swept {saved.words}.")
            return redirect("evaluations:schedules")
        except InvalidInput as error:
            form.add_input_errors(error)
    context = {"form": form, "schedule": schedule}
    return render(request, "evaluations/schedule.html", context, status=422 if form.errors else 200)
