"""Reports as files."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

TITLES = (("html", "Web page"), ("md", "Markdown"), ("json", "JSON"), ("csv", "CSV"), ("xml", "JUnit XML"))


def make_download(data: Mapping[str, Any], form: str, *, url: str) -> HttpResponse:
    from apps.evaluations.reports import render_report

    rendered = render_report(data, form, url=url)
    response = HttpResponse(rendered.content, content_type=rendered.media_type)
    response["Content-Disposition"] = f'attachment; filename="{rendered.filename}"'
    return response
