import json

import pytest

from apps.evaluations.reports.reading import read_expected, read_report
from tests.evaluations.reports.data import make_failed, make_first, make_report

pytestmark = pytest.mark.unit


def test_a_whole_report():
    contents = read_report(make_report())

    assert (contents.verdict, contents.newly_wrong, contents.newly_right) == ("worse", 342, 6)
    assert (contents.run.id, contents.baseline.id) == ("12", "9")
    assert contents.suite.margin == 0.01
    assert contents.reach.smallest_visible == 0.0041
    assert contents.reach.power == 0.8
    assert contents.unpaired.total == 16
    assert contents.changes[0].name == "synonyms"
    assert [one.value for one in contents.moved] == ["synonyms", "question"]


def test_compared_measures_have_intervals_and_the_others_stand_beside_each_other():
    rows = {row.measure.name: row for row in read_report(make_report()).rows}

    assert rows["accuracy"].is_paired
    assert rows["accuracy"].direction == -1
    assert rows["answered"].direction == 0
    assert not rows["precision_answered"].is_paired
    precision = rows["precision_answered"]
    assert precision.difference == pytest.approx(precision.after - precision.before)
    assert rows["latency_p99"].before == 24.1


def test_higher_is_not_always_better():
    data = make_report()
    data["comparison"]["measures"]["latency_ms"] |= {"low": 0.5, "high": 0.9}

    [row] = [row for row in read_report(data).rows if row.measure.name == "latency_ms"]
    assert row.direction == -1


def test_flips_of_either_kind_are_ordered_by_what_they_do():
    data = make_report(flips=20)
    damage = {flip["external_id"]: flip["damage"] for flip in data["flips"]["list"]}
    contents = read_report(data)

    wrong = [damage[flip.external_id] for flip in contents.list_flips(newly_wrong=True)]
    right = [damage[flip.external_id] for flip in contents.list_flips(newly_wrong=False)]
    assert wrong == sorted(wrong, reverse=True)
    assert right == sorted(right)
    assert len(wrong) == len(right) == 10


def test_a_first_run_has_figures_alone():
    contents = read_report(make_first())

    assert contents.baseline is None
    assert contents.reach is None
    assert {row.before for row in contents.rows} == {None}
    assert {one.before for one in contents.figures} == {None}


def test_a_failed_run_has_next_to_nothing():
    contents = read_report(make_failed("gone"))

    assert contents.reasons == ("gone",)
    assert contents.summary is None
    assert contents.rows == contents.flips == contents.causes == ()


@pytest.mark.parametrize(
    ("expected", "read"),
    [
        (None, ()),
        ([], ()),
        ("", ()),
        ("SELECT 1", ("SELECT 1",)),
        (["a", "b"], ("a", "b")),
        ({"intent": "buy"}, ('{"intent": "buy"}',)),
        ([["a", 1]], ('["a", 1]',)),
        (7, ("7",)),
    ],
)
def test_what_is_expected_is_the_targets_own(expected, read):
    assert read_expected(expected) == read


def test_it_reads_the_same_from_json():
    data = make_report()

    assert read_report(json.loads(json.dumps(data))) == read_report(data)
