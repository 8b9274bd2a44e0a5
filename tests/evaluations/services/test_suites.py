"""Suites: making them, and settling what their owners call a difference."""

import pytest

from apps.core.errors import InvalidInput
from apps.evaluations.models import Measure, RunState
from apps.evaluations.services import suites
from tests.evaluations.factories import RunFactory, SuiteFactory
from tests.evaluations.targets import NAME

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def fields_at_fault(error: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return sorted(error.value.errors)


def test_a_suite_is_made_with_its_settings() -> None:
    suite = suites.create_suite(name="  nightly   questions ", target=NAME, measure=Measure.MRR_AT_10, margin=0.02)
    suite.refresh_from_db()
    assert (suite.name, suite.target, suite.measure, suite.margin) == ("nightly questions", NAME, "mrr_at_10", 0.02)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "new", "target": "no.such"}, "target"),
        ({"name": "new", "measure": "luck"}, "measure"),
        ({"name": "new", "margin": 0}, "margin"),
        ({"name": "new", "margin": 0.9}, "margin"),
        ({"name": "new", "latency_margin": -1}, "latency_margin"),
        ({"name": "new", "colour": "red"}, "colour"),
        ({"name": "taken"}, "name"),
    ],
)
def test_what_is_wrong_with_a_suite_is_named_and_nothing_is_made(given: dict[str, object], field: str) -> None:
    SuiteFactory(name="taken")
    with pytest.raises(InvalidInput) as error:
        suites.create_suite(**{"target": NAME, **given})
    assert fields_at_fault(error) == [field]
    assert suites.Suite.objects.count() == 1


def test_a_suite_is_found_by_name_and_by_number() -> None:
    suite = SuiteFactory(name="golden")
    assert suites.get_suite("golden") == suites.get_suite(str(suite.pk)) == suite
    for unknown in ("silver", "0", "9" * 30, "²"):
        with pytest.raises(InvalidInput):
            suites.get_suite(unknown)


def test_a_suite_keeps_its_target() -> None:
    suite = suites.get_or_create_suite(name="golden", target=NAME)
    assert suites.get_or_create_suite(name="golden", target=None) == suite
    with pytest.raises(InvalidInput) as error:
        suites.get_or_create_suite(name="golden", target="functions.search")
    assert fields_at_fault(error) == ["target"]


def test_only_a_finished_run_of_the_suite_can_be_its_baseline() -> None:
    suite = SuiteFactory()
    good = RunFactory(suite=suite)
    assert suites.pin_baseline(suite=suite, run=good).baseline == good
    for other in (RunFactory(), RunFactory(suite=suite, state=RunState.RUNNING)):
        with pytest.raises(InvalidInput):
            suites.pin_baseline(suite=suite, run=other)
    assert suites.pin_baseline(suite=suite, run=None).baseline is None


def test_settings_can_be_changed_one_by_one() -> None:
    suite = SuiteFactory(margin=0.01)
    suites.update_suite(suite=suite, changes={"margin": 0.05})
    with pytest.raises(InvalidInput):
        suites.update_suite(suite=suite, changes={"margin": 7})
    suite.refresh_from_db()
    assert suite.margin == 0.05
