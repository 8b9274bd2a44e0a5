from datetime import timedelta

import pytest
from django.utils import timezone

from apps.evaluations.models import CaseOutcome, Report, Run, RunState, Verdict
from apps.evaluations.services import retention
from apps.evaluations.services.retention import prune_outcomes, prune_run
from apps.evaluations.tasks import prune_task
from tests.evaluations.factories import CaseOutcomeFactory, ReportFactory, RunFactory, SuiteFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def keep_a_month(settings):
    settings.EVALUATION_KEEP_DAYS = 30


@pytest.fixture
def suite():
    return SuiteFactory()


def make_run(suite, *, days=31.0, outcomes=2, **fields) -> Run:
    ended = timezone.now() - timedelta(days=days)
    fields = {"started_at": ended, "finished_at": ended, "summary": {"accuracy": 0.5}, **fields}
    run = RunFactory(suite=suite, **fields)
    CaseOutcomeFactory.create_batch(outcomes, run=run)
    return run


def runs_with_outcomes() -> set[Run]:
    return set(Run.objects.filter(outcomes__isnull=False).distinct())


def test_outcomes_of_old_runs_go_and_their_figures_stay(suite):
    old, recent, last = make_run(suite), make_run(suite, days=29), make_run(suite, days=0)
    report = ReportFactory(run=old, verdict=Verdict.BETTER)
    assert prune_task() == 2
    assert runs_with_outcomes() == {recent, last}
    old.refresh_from_db()
    assert (old.outcomes_pruned, old.summary) == (True, {"accuracy": 0.5})
    assert Report.objects.filter(pk=report.pk).exists()
    assert not Run.objects.get(pk=recent.pk).outcomes_pruned
    assert prune_outcomes(now=timezone.now()) == 0


def test_many_outcomes_go_in_batches(suite, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    make_run(suite, outcomes=7)
    make_run(suite, days=0)
    assert prune_outcomes(now=timezone.now()) == 7


def test_a_pinned_baseline_and_the_last_good_run_stay(suite):
    pinned, other, good = make_run(suite), make_run(suite), make_run(suite)
    worse = make_run(suite)
    ReportFactory(run=worse, verdict=Verdict.WORSE, acknowledged_at=timezone.now())
    suite.baseline = pinned
    suite.save()
    prune_outcomes(now=timezone.now())
    assert runs_with_outcomes() == {pinned, good}
    assert prune_run(pinned.pk) == 0
    assert Run.objects.get(pk=other.pk).outcomes_pruned


def test_what_an_open_run_will_be_compared_with_stays(suite):
    baseline = make_run(suite)
    make_run(suite)
    running = make_run(suite, state=RunState.RUNNING, finished_at=None, baseline=baseline)
    last = make_run(suite, days=0)
    prune_outcomes(now=timezone.now())
    assert runs_with_outcomes() == {baseline, running, last}
    assert prune_run(running.pk) == 0


@pytest.mark.parametrize("verdict", [Verdict.WORSE, Verdict.FAILED])
def test_an_alarm_that_nobody_acknowledged_keeps_both_its_runs(suite, verdict):
    baseline = make_run(suite)
    run = make_run(suite, baseline=baseline)
    make_run(suite, days=0)
    report = ReportFactory(run=run, verdict=verdict)
    prune_outcomes(now=timezone.now())
    assert {baseline, run} < runs_with_outcomes()
    Report.objects.filter(pk=report.pk).update(acknowledged_at=timezone.now())
    prune_outcomes(now=timezone.now())
    assert not {baseline, run} & runs_with_outcomes()


def test_runs_that_were_cancelled_or_failed_are_pruned_too(suite):
    make_run(suite, state=RunState.CANCELLED)
    make_run(suite, state=RunState.FAILED)
    prune_outcomes(now=timezone.now())
    assert not CaseOutcome.objects.exists()
