from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from apps.evaluations.reports.junit import render_junit
from apps.evaluations.reports.reading import read_report
from tests.evaluations.reports.data import make_failed, make_first, make_report
from tests.evaluations.reports.hostile import TEXTS, put_text

pytestmark = pytest.mark.unit

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "property": set(),
    "testcase": {"failure", "system-out"},
    "failure": set(),
    "system-out": set(),
}
REQUIRED = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
}


def parse(data):
    return ElementTree.fromstring(render_junit(read_report(data), "/runs/12/"))


def check_structure(root):
    """What Jenkins' and GitLab's readers take; the counts must be those of the elements."""
    assert root.tag == "testsuites"
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN[element.tag]
        assert REQUIRED.get(element.tag, set()) <= set(element.attrib)
    for suite in (root, root.find("testsuite")):
        assert int(suite.get("tests")) == len(list(root.iter("testcase")))
        assert int(suite.get("failures")) == len(list(root.iter("failure")))
        assert float(suite.get("time")) >= 0


@pytest.mark.parametrize(
    "data", [make_report(), make_first(), make_failed(), {}], ids=["flips", "first", "failed", "none"]
)
def test_the_structure_is_what_build_servers_read(data):
    check_structure(parse(data))


def test_newly_wrong_cases_fail_with_their_sentence_and_newly_right_ones_pass():
    data = make_report(flips=6)
    wrong = {flip["external_id"]: flip for flip in data["flips"]["list"] if flip["newly"] == "wrong"}
    cases = parse(data).findall("testsuite/testcase")[1:]

    assert len(cases) == 6
    failed = {case.get("name").partition(":")[0]: case.find("failure") for case in cases if len(case)}
    assert set(failed) == set(wrong)
    for name, failure in failed.items():
        assert failure.get("message") == wrong[name]["change"]
        assert f"Asked: {wrong[name]['query']}" in failure.text
        assert wrong[name]["after"]["got"][0]["title"] in failure.text


def test_a_flip_without_a_sentence_says_what_became_of_it():
    data = make_report(flips=1)
    data["flips"]["list"][0] |= {"change": ""}
    data["flips"]["list"][0]["after"] |= {"rank": 3}

    failure = parse(data).findall("testsuite/testcase")[1].find("failure")
    assert failure.get("message") == "Right before, now: wrong, right one at place 3."


@pytest.mark.parametrize(
    ("verdict", "fails"),
    [("worse", True), ("failed", True), ("better", False), ("no_difference", False), ("first", False)],
)
def test_the_verdict_is_a_test_that_fails_when_it_alarms(verdict, fails):
    case = parse(make_report(flips=0, verdict=verdict)).find("testsuite/testcase")

    assert case.get("name") == "verdict"
    assert (case.find("failure") is not None) == fails


def test_a_run_that_failed_says_why():
    failure = parse(make_failed("the index is gone")).find("testsuite/testcase/failure")

    assert failure.get("message") == "Failed: The index is gone."


def test_properties_hold_the_pinned_state():
    data = make_report()
    found = {one.get("name"): one.get("value") for one in parse(data).iter("property")}

    assert {f"pinned.{name}": value for name, value in data["run"]["pinned"].items()}.items() <= found.items()
    assert (found["run"], found["baseline"], found["newly_wrong"]) == ("12", "9", "342")


@settings(max_examples=25, deadline=None)
@given(text=TEXTS)
def test_whatever_the_texts_hold_it_is_valid(text):
    check_structure(parse(put_text(make_report(flips=2), text)))
