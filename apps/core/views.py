"""Pages about background jobs."""

from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from apps.core.errors import render_error
from apps.core.htmx import PageRequest
from apps.core.jobs import services
from apps.core.models import Job, JobState
from apps.core.refusals import say_refusal

JOBS_A_PAGE = 25


@login_required
@permission_required("core.view_job", raise_exception=True)
@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def list_jobs(request: PageRequest) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in JobState.values else ""
    jobs = Job.objects.whole().select_related("created_by").defer("result")
    page = Paginator(jobs.filter(state=state) if state else jobs, JOBS_A_PAGE).get_page(request.GET.get("page"))
    template = "core/_jobs.html" if request.htmx.target == "jobs" else "core/jobs.html"
    return render(request, template, {"page": page, "state": state, "states": JobState.choices})


@login_required
@permission_required("core.view_job", raise_exception=True)
@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def show_job(request: PageRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Job.objects.select_related("created_by"), pk=pk)
    app, _, name = job.kind.partition(".")
    template = "core/_job.html" if request.htmx.target == "job" else "core/job.html"
    # An app may show the results of its jobs its own way.
    result_templates = [f"{app}/_job_{name}.html", "core/_job_result.html"]
    return render(request, template, {"job": job, "result_templates": result_templates})


@login_required
@permission_required("core.change_job", raise_exception=True)
@require_POST
def cancel_job(request: HttpRequest, pk: int) -> HttpResponse:
    with say_refusal(request):
        services.cancel_job(job=get_object_or_404(Job, pk=pk))
    return redirect("core:job", pk)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Where CSRF_FAILURE_VIEW points: a form that is too old, or that another site sent."""
    detail = "This form is no longer valid. Did you sign in or out in another tab? Go back, reload, and try again."
    return render_error(request, 403, "csrf_failed", detail)
