import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.evaluations.reports import FORMS, render_report
from tests.evaluations.reports.data import make_failed, make_first, make_report

pytestmark = pytest.mark.unit

REPORTS = {
    "compared": make_report(),
    "without flips": make_report(flips=0),
    "first": make_first(),
    "failed": make_failed(),
    "empty": {},
}
MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xml": "application/xml",
}


def list_paths(data, path=()):
    """Where every value of the report is."""
    if path:
        yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from list_paths(value, (*path, key))


PATHS = list(list_paths(make_report(flips=2)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_every_form_of_every_kind_of_report(report, form):
    rendered = render_report(report, form)

    assert rendered.media_type == MEDIA_TYPES[form]
    assert rendered.filename.endswith(f".{form}")
    assert rendered.content.decode()


@pytest.mark.parametrize("form", FORMS)
def test_equal_reports_are_equal_bytes_and_the_data_is_left_alone(form):
    data = make_report()
    before = copy.deepcopy(data)

    assert render_report(data, form) == render_report(json.loads(json.dumps(data)), form)
    assert data == before


@settings(max_examples=30, deadline=None)
@given(path=st.sampled_from(PATHS), is_missing=st.booleans())
def test_any_value_may_be_none_or_missing(path, is_missing):
    data = copy.deepcopy(make_report(flips=2))
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    if is_missing:
        del inner[path[-1]]
    else:
        inner[path[-1]] = None

    for form in FORMS:
        assert render_report(data, form).content


@pytest.mark.parametrize(
    ("name", "filename"),
    [
        ("Demo catalogue", "demo-catalogue-run-12.md"),
        ('../"etc\r\n: passwd', "etc-passwd-run-12.md"),
        ("日本", "run-12.md"),
        ("long " * 50, f"{('long-' * 16)}.md"),
    ],
)
def test_file_names_are_safe_in_a_header(name, filename):
    data = make_first()
    data["suite"]["name"] = name

    assert render_report(data, "md").filename == filename


def test_an_unknown_form_says_which_there_are():
    with pytest.raises(ValueError, match="'pdf' is no form of a report; there are html, md, json, csv, xml"):
        render_report({}, "pdf")


@pytest.mark.parametrize("form", ["html", "md", "json", "xml"])
def test_the_address_is_a_link_when_there_is_one(form):
    url = "https://touchstone.example/suites/runs/12/"

    assert url in render_report(make_first(), form, url=url).content.decode()
    assert b"touchstone.example" not in render_report(make_first(), form).content
