"""A report in the form that is asked for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.evaluations.reports.documents import render_json
from apps.evaluations.reports.html import render_page
from apps.evaluations.reports.junit import render_junit
from apps.evaluations.reports.markdown import render_markdown
from apps.evaluations.reports.reading import read_map, read_report, read_run, read_suite
from apps.evaluations.reports.tables import render_csv

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RenderedReport:
    content: bytes
    media_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class Form:
    media_type: str
    render: Callable[[Data, str], bytes]


def render_report(data: Data, form: str, *, url: str = "") -> RenderedReport:
    """`data` is what a report keeps, `form` one of FORMS, `url` where the report is to be found, put in as a link.

    Raises ValueError for any other form, and from JSON for numbers that are not finite.
    """
    if form not in RENDERERS:
        raise ValueError(f"{form!r} is no form of a report; there are {', '.join(FORMS)}")
    chosen = RENDERERS[form]
    return RenderedReport(chosen.render(data, url), chosen.media_type, name_file(data, form))


def name_file(data: Data, form: str) -> str:
    """ASCII, and safe in a header: the suite, the run, the form."""
    suite, run = read_suite(read_map(data, "suite")), read_run(read_map(data, "run"))
    stem = re.sub(r"[^a-z0-9]+", "-", f"{suite.name} run {run.id}".lower()).strip("-")
    return f"{stem[:80]}.{form}"


def _encode(text: str) -> bytes:
    """A lone surrogate, which UTF-8 does not have, becomes a question mark."""
    return text.encode(errors="replace")


RENDERERS = {
    "html": Form("text/html; charset=utf-8", lambda data, url: _encode(render_page(read_report(data), url))),
    "md": Form("text/markdown; charset=utf-8", lambda data, url: _encode(render_markdown(read_report(data), url))),
    "json": Form("application/json", render_json),
    "csv": Form("text/csv; charset=utf-8", lambda data, _: _encode(render_csv(read_report(data)))),
    "xml": Form("application/xml", lambda data, url: render_junit(read_report(data), url)),
}
FORMS = tuple(RENDERERS)
