"""Pages about background jobs."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from apps.core.errors import render_error
from apps.core.htmx import PageRequest
from apps.core.jobs import services
from apps.core.jobs.lists import JobTable
from apps.core.models import Job
from apps.core.refusals import say_refusal
from apps.core.tables import render_table
from apps.core.tables.actions import read_rows
from apps.core.tables.views import go_back
from apps.core.templatetags.core_tags import job_title

LISTS_OF_DECISIONS = {"home": "core:home", "admin": "admin:index"}


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def list_jobs(request: PageRequest) -> HttpResponseBase:
    return render_table(request, JobTable(), "core/jobs.html")


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def show_job(request: PageRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Job.objects.select_related("created_by", "seen_by"), pk=pk)
    app, _, name = job.kind.partition(".")
    template = "core/_job.html" if request.htmx.target == "job" else "core/job.html"
    # An app may show the results of its jobs its own way.
    result_templates = [f"{app}/_job_{name}.html", "core/_job_result.html"]
    return render(request, template, {"job": job, "result_templates": result_templates})


@require_POST
def cancel_job(request: HttpRequest, pk: int) -> HttpResponse:
    with say_refusal(request):
        services.cancel_job(job=get_object_or_404(Job, pk=pk))
    return redirect("core:job", pk)


@require_POST
def change_jobs(request: HttpRequest) -> HttpResponse:
    """Cancels those of the selected jobs that are not over, or notes that those that failed are known of."""
    jobs, action = Job.objects.whole().filter(pk__in=read_rows(request.POST)), request.POST.get("action")
    if action == "seen":
        seen = [services.see_job(job=job, user_id=request.user.pk) for job in jobs.unseen()]
        messages.success(request, f"Noted that {_count(len(seen))} failed.")
    else:
        messages.success(request, f"Cancelled {_count(_cancel(request, jobs.open() if action == 'cancel' else ()))}.")
    return go_back(request)


@require_POST
def see_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Notes that somebody knows it failed; then back to where it was sent from."""
    job = get_object_or_404(Job, pk=pk)
    with say_refusal(request):
        services.see_job(job=job, user_id=request.user.pk)
        messages.success(request, f"Noted that you know that {job_title(job.kind)} #{job.pk} failed.")
    back = LISTS_OF_DECISIONS.get(request.POST.get("from", ""))
    return redirect(back) if back else redirect("core:job", pk)


def _cancel(request: HttpRequest, jobs: Iterable[Job]) -> int:
    cancelled = 0
    for job in jobs:
        with say_refusal(request):
            services.cancel_job(job=job)
            cancelled += 1
    return cancelled


def _count(jobs: int) -> str:
    return "1 job" if jobs == 1 else f"{jobs} jobs"


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Where CSRF_FAILURE_VIEW points: a form that is too old, or that another site sent."""
    detail = "This form is no longer valid. Did you sign in or out in another tab? Go back, reload, and try again."
    return render_error(request, 403, "csrf_failed", detail)
