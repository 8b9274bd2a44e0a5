import json

import pytest
from hypothesis import given, settings

from apps.evaluations.reports.documents import SCHEMA, render_json
from tests.evaluations.reports.data import make_report
from tests.evaluations.reports.hostile import TEXTS, put_text

pytestmark = pytest.mark.unit


def test_it_is_the_data_with_its_schema():
    data = make_report()

    assert json.loads(render_json(data)) == {**data, "schema": SCHEMA}
    assert json.loads(render_json(data, "/runs/1/"))["url"] == "/runs/1/"


def test_the_order_of_keys_makes_no_difference():
    assert render_json({"b": 1, "a": {"d": 2, "c": 3}}) == render_json({"a": {"c": 3, "d": 2}, "b": 1})


def test_what_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        render_json({"summary": {"accuracy": float("nan")}})


@settings(max_examples=25, deadline=None)
@given(text=TEXTS)
def test_every_text_comes_back(text):
    data = put_text(make_report(flips=2), text)

    assert json.loads(render_json(data).decode()) == {**data, "schema": SCHEMA}
