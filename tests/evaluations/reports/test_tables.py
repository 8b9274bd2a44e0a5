import csv
import io

import pytest
from hypothesis import given, settings

from apps.evaluations.reports.reading import read_report
from apps.evaluations.reports.tables import COLUMNS, FORMULA, protect_cell, render_csv
from tests.evaluations.reports.data import make_failed, make_first, make_report
from tests.evaluations.reports.hostile import TEXTS, put_text

pytestmark = pytest.mark.unit


def read_rows(data):
    return list(csv.DictReader(io.StringIO(render_csv(read_report(data)), newline="")))


def test_a_compared_measure_has_its_interval_and_its_pairs():
    [row] = [row for row in read_rows(make_report()) if row["section"] == "total" and row["measure"] == "accuracy"]

    assert row == {
        "section": "total",
        "dimension": "",
        "value": "",
        "measure": "accuracy",
        "before": "0.892",
        "after": "0.861",
        "difference": "-0.031",
        "low": "-0.035",
        "high": "-0.027",
        "p_value": "1e-05",
        "cases": "9984",
        "p_adjusted": "",
    }


def test_a_slice_is_there_compared_and_with_all_figures_of_its_cases():
    rows = [row for row in read_rows(make_report()) if row["value"] == "synonyms"]

    [compared] = [row for row in rows if row["low"]]
    assert (compared["dimension"], compared["measure"], compared["p_adjusted"]) == ("made_by", "accuracy", "1e-05")
    assert float(compared["difference"]) == pytest.approx(-0.24)
    measured = {row["measure"] for row in rows if not row["low"]}
    assert {"accuracy", "recall_at_5", "ece", "latency_p95", "cost"} <= measured


def test_a_first_run_has_no_before():
    rows = read_rows(make_first())

    assert rows
    assert {row["before"] for row in rows} == {""}
    assert {row["cases"] for row in rows if row["section"] == "total"} == {"10000"}


def test_a_failed_run_has_only_the_headings():
    assert render_csv(read_report(make_failed())) == ",".join(COLUMNS) + "\r\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_formulas_are_made_harmless(text):
    assert protect_cell(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["python", "a=b", "", None, -0.5, 3])
def test_other_cells_are_left_as_they_are(cell):
    assert protect_cell(cell) == cell


@settings(max_examples=25, deadline=None)
@given(text=TEXTS)
def test_every_row_is_whole_and_none_is_a_formula(text):
    data = put_text(make_report(flips=2), text)
    data["summary"]["by_language"] = {text: data["summary"]["by_language"]["0" + text]}
    rows = read_rows(data)

    assert rows
    for row in rows:
        assert None not in row
        assert None not in row.values()
        assert not any(row[name].startswith(FORMULA) for name in ("section", "dimension", "value", "measure"))
        assert all(float(row[name]) is not None for name in ("before", "after", "difference", "low") if row[name])
