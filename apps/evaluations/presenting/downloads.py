"""Reports as files."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from apps.evaluations.models import Run

TITLES = (("html", "Web page"), ("md", "Markdown"), ("json", "JSON"), ("csv", "CSV"), ("xml", "JUnit XML"))
CONTENT_TYPES = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xml": "application/xml",
}


def make_download(run: Run, data: Mapping[str, Any], form: str, *, url: str) -> HttpResponse:
    from apps.evaluations.reports import render_report

    response = HttpResponse(render_report(data, form, url=url), content_type=CONTENT_TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="sweep-{run.pk}.{form}"'
    return response
