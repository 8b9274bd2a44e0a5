"""Runs: what they pin, what starts them, and what ends them early."""

import pytest

from apps.core.errors import Conflict, InvalidInput
from apps.core.models import JobState
from apps.evaluations.models import CaseState, Run, RunState, Verdict
from apps.evaluations.services import running
from tests.evaluations.factories import CaseFactory, RunFactory, SuiteFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_run_pins_what_it_measures() -> None:
    case = CaseFactory()
    run = running.start_run(suite=case.suite, note="a new threshold")
    assert {"version", "code", "fake_digest", "fake_threshold"} <= set(run.pinned)
    assert (run.suite_version, run.note) == (case.suite.version, "a new threshold")


def test_only_active_cases_are_run_in_an_order_that_the_run_fixes() -> None:
    suite = SuiteFactory()
    active = [CaseFactory(suite=suite).pk for _ in range(30)]
    CaseFactory(suite=suite, state=CaseState.DRAFT)
    CaseFactory(suite=suite, state=CaseState.RETIRED)
    run = running.start_run(suite=suite)
    assert sorted(run.plan) == active != run.plan


def test_there_must_be_something_to_run_and_to_compare_with() -> None:
    suite = CaseFactory().suite
    with pytest.raises(InvalidInput) as error:
        running.start_run(suite=SuiteFactory())
    assert "suite" in error.value.errors
    for baseline in (RunFactory(), RunFactory(suite=suite, state=RunState.FAILED)):
        with pytest.raises(InvalidInput) as error:
            running.start_run(suite=suite, baseline=baseline)
        assert "baseline" in error.value.errors
    assert not Run.objects.open().exists()


def test_a_run_is_cancelled_once() -> None:
    run = running.start_run(suite=CaseFactory().suite)
    assert running.cancel_run(run=run).state == RunState.CANCELLED
    with pytest.raises(Conflict):
        running.cancel_run(run=run)


def test_a_run_fails_with_a_job_that_failed_for_good() -> None:
    run = running.start_run(suite=CaseFactory().suite)
    assert running.fail_broken_runs() == 0
    running.jobs_of(run).update(state=JobState.FAILED, error="Given up: 5 workers died while they ran this job.")
    assert running.fail_broken_runs() == 1
    run.refresh_from_db()
    assert (run.state, run.report.verdict) == (RunState.FAILED, Verdict.FAILED)
    assert "5 workers died" in run.error
    assert running.fail_broken_runs() == 0
