"""The lists of runs and of reports of all suites."""

from django.http import HttpResponseBase
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from apps.core.htmx import PageRequest
from apps.core.tables import render_table
from apps.evaluations.lists.reports import ReportTable
from apps.evaluations.lists.runs import RunTable


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def list_runs(request: PageRequest) -> HttpResponseBase:
    return render_table(request, RunTable(), "evaluations/runs.html")


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def list_reports(request: PageRequest) -> HttpResponseBase:
    return render_table(request, ReportTable(), "evaluations/reports.html")
