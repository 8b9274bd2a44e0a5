"""Cases that targets make."""

import pytest

from apps.core.errors import InvalidInput
from apps.core.jobs.services import run_job
from apps.core.models import JobState
from apps.evaluations.models import CaseOrigin
from apps.evaluations.services.generating import generate_suite, start_generation
from tests.evaluations.factories import SuiteFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_the_same_seed_makes_the_same_cases() -> None:
    suite = SuiteFactory()
    result = generate_suite(suite=suite, count=3, seed=7)
    assert result | {"suite": suite.name, "seed": 7, "created": 3, "changed": 0, "unchanged": 0} == result
    case = suite.cases.first()
    assert case is not None
    assert (case.origin, case.made_by, case.group) == (CaseOrigin.GENERATED, "fake", case.query)
    assert generate_suite(suite=suite, count=4, seed=7)["created"] == 1
    assert generate_suite(suite=suite, count=3, seed=8)["created"] == 3


def test_in_the_background() -> None:
    suite = SuiteFactory()
    job = run_job(start_generation(suite=suite, count=5, seed=1).pk)
    assert job is not None
    assert (job.state, job.result["created"]) == (JobState.SUCCEEDED, 5)
    assert suite.cases.count() == 5


@pytest.mark.parametrize(
    ("numbers", "field"),
    [({"count": 0}, "count"), ({"count": 100_001}, "count"), ({"seed": -1}, "seed"), ({"seed": 2**31}, "seed")],
)
def test_numbers_that_make_no_sense(numbers: dict[str, int], field: str) -> None:
    suite = SuiteFactory()
    for make in (generate_suite, start_generation):
        with pytest.raises(InvalidInput) as caught:
            make(suite=suite, **{"count": 1, "seed": 1, **numbers})
        assert list(caught.value.errors) == [field]
