"""A suite goes with all that stands on it."""

import pytest
from django_celery_beat.models import PeriodicTask

from apps.core.audit.models import AuditEntry
from apps.core.errors import Conflict
from apps.evaluations.models import Case, CaseOutcome, Report, Run, RunState, Suite
from apps.evaluations.services.deleting import count_parts, delete_suite
from tests.evaluations.factories import CaseOutcomeFactory, ReportFactory, RunFactory, ScheduleFactory, SuiteFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_all_of_it_goes_and_nothing_of_others() -> None:
    suite, other = SuiteFactory.create(), SuiteFactory.create()
    for one in (suite, other):
        run = ReportFactory.create(run__suite=one, run__baseline=None).run
        CaseOutcomeFactory.create(run=run, case__suite=one)
        ScheduleFactory.create(suite=one)
        Suite.objects.filter(pk=one.pk).update(baseline=run)
    delete_suite(suite=suite)
    assert [Suite.objects.get(), Run.objects.get().suite, Case.objects.get().suite] == [other] * 3
    assert [model.objects.count() for model in (Report, CaseOutcome, PeriodicTask)] == [1, 1, 1]


def test_the_log_says_how_much_went() -> None:
    suite = SuiteFactory.create()
    ReportFactory.create(run__suite=suite, run__baseline=None)
    delete_suite(suite=suite)
    entry = AuditEntry.objects.get(event="suite.deleted")
    assert entry.additional_data == {"cases": 0, "runs": 1, "schedules": 0}


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.RUNNING])
def test_not_while_a_run_is_open(state: RunState) -> None:
    suite = SuiteFactory.create()
    run = RunFactory.create(suite=suite, state=state)
    with pytest.raises(Conflict, match=f"Run #{run.pk} is at work"):
        delete_suite(suite=suite)
    assert count_parts(Suite.objects.get())["runs"] == 1
