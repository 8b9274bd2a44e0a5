"""The end of a run: figures, comparison, report."""

from typing import Any

import pytest

from apps.core.jobs.services import run_job
from apps.core.models import JobState
from apps.evaluations.models import BaselineChoice, CaseState, Report, Run, RunState, Suite, Verdict
from apps.evaluations.services import cases as case_services
from apps.evaluations.services import comparing, running
from apps.evaluations.services.analysing import diagnose_outcome, find_causes, fix_cause
from apps.evaluations.services.finishing import build_report, report_failure
from tests.evaluations import targets
from tests.evaluations.factories import CaseFactory, RunFactory, ScheduleFactory, SuiteFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def make_suite(right: int, wrong: int = 0, **settings: Any) -> Suite:
    suite = SuiteFactory(**settings)
    for number in range(right + wrong):
        given = {"right": number < right, "rank": 1 if number < right else None, "score": float(number < right)}
        CaseFactory(suite=suite, input=given, tags=["even" if number % 2 == 0 else "odd"])
    return suite


def sweep(suite: Suite, **options: Any) -> Run:
    run = running.start_run(suite=suite, **options)
    while job := running.jobs_of(run).filter(state=JobState.QUEUED).first():
        assert run_job(job.pk).state == JobState.SUCCEEDED
    return Run.objects.get(pk=run.pk)


def turn(suite: Suite, number: int, **given: Any) -> None:
    """Makes that many right cases come out otherwise, without changing what is asked."""
    for case in suite.cases.filter(input__right=True)[:number]:
        suite.cases.filter(pk=case.pk).update(input={**case.input, **given})


def test_a_first_run_has_figures_and_no_verdict() -> None:
    run = sweep(make_suite(right=15, wrong=5))
    assert run.state == RunState.SUCCEEDED
    assert (run.summary["cases"], run.summary["accuracy"]) == (20, 0.75)
    assert run.summary["by_tag"]["even"]["cases"] == 10
    assert (run.report.verdict, run.report.baseline) == (Verdict.FIRST, None)
    assert run.report.data["causes"][0]["cases"] == 5
    assert not running.jobs_of(run).open().exists()


def test_a_worse_run_is_found_worse_and_the_flips_are_named() -> None:
    suite = make_suite(right=190, wrong=10)
    before = sweep(suite)
    turn(suite, 30, right=False, rank=2, score=0.6, tier="lexical", answered=True, confidence=0.9)
    after = sweep(suite)
    data = after.report.data
    assert (after.report.verdict, after.baseline) == (Verdict.WORSE, before)
    assert (data["flips"]["newly_wrong"], data["flips"]["newly_right"]) == (30, 0)
    flip = data["flips"]["list"][0]
    assert (flip["newly"], flip["before"]["right"], flip["after"]["rank"]) == ("wrong", True, 2)
    assert "lexical" in flip["change"]
    assert data["comparison"]["pairs"] == 200


def test_a_tag_that_repeats_another_dimension_is_not_compared_twice() -> None:
    suite = make_suite(right=40)
    suite.cases.filter(tags=["even"]).update(made_by="pair")
    sweep(suite)
    slices = sweep(suite).report.data["comparison"]["slices"]
    assert sorted((part["dimension"], part["value"]) for part in slices) == [("made_by", "pair"), ("tag", "odd")]


def test_an_equal_run_makes_no_difference() -> None:
    suite = make_suite(right=450, wrong=50, margin=0.02)
    sweep(suite)
    assert sweep(suite).report.verdict == Verdict.NO_DIFFERENCE


def test_what_changed_in_the_pinned_state_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    suite = make_suite(right=10)
    sweep(suite)
    monkeypatch.setitem(targets.STATE, "fake_threshold", "0.9")
    after = sweep(suite)
    assert after.report.data["changes"] == [{"name": "fake_threshold", "before": "0.5", "after": "0.9"}]


def test_a_state_that_changes_while_it_is_measured_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    run = running.start_run(suite=make_suite(right=3))
    monkeypatch.setitem(targets.STATE, "fake_digest", "2")
    while job := running.jobs_of(run).filter(state=JobState.QUEUED).first():
        run_job(job.pk)
    run.refresh_from_db()
    assert run.report.data["drift"] == [{"name": "fake_digest", "before": "1", "after": "2"}]


def test_cases_that_changed_or_came_are_not_paired() -> None:
    suite = make_suite(right=30)
    sweep(suite)
    first, second = suite.cases.all()[:2]
    case_services.update_case(case=first, changes={"query": "something else"})
    case_services.update_case(case=second, changes={"state": CaseState.RETIRED})
    CaseFactory(suite=suite)
    data = sweep(suite).report.data
    assert data["unpaired"] == {"only_before": 1, "only_after": 1, "changed": 1}
    assert data["comparison"]["pairs"] == 28


def test_the_baseline_is_the_given_the_pinned_or_the_last_good_one() -> None:
    suite = make_suite(right=200)
    first = sweep(suite)
    second = sweep(suite)
    turn(suite, 40, right=False)
    third = sweep(suite)
    assert third.report.verdict == Verdict.WORSE
    assert suite.last_good_run() == second
    assert sweep(suite).baseline == second
    suite.baseline = first
    suite.save()
    assert sweep(suite).baseline == first
    assert sweep(suite, baseline=second).baseline == second
    nightly = ScheduleFactory(suite=suite, compare_with=BaselineChoice.LAST_GOOD)
    assert sweep(suite, schedule=nightly).baseline == second


def test_runs_that_cannot_be_compared_are_refused() -> None:
    run = sweep(make_suite(right=3))
    pruned = RunFactory(suite=run.suite, outcomes_pruned=True, done=3)
    unfinished = RunFactory(suite=run.suite, state=RunState.FAILED)
    for baseline in (run, RunFactory(done=1), pruned, unfinished):
        with pytest.raises(comparing.InvalidInput) as error:
            comparing.compare_runs(baseline=baseline, candidate=run)
        assert "baseline" in error.value.errors


def test_two_runs_can_be_compared_later() -> None:
    suite = make_suite(right=20)
    first, _, third = (sweep(suite) for _ in range(3))
    data = build_report(third, first)
    assert (data["baseline"]["id"], data["run"]["id"]) == (first.pk, third.pk)


def test_a_failed_run_has_a_report_that_is_written_once() -> None:
    run = RunFactory(state=RunState.FAILED, error="five workers died")
    report = report_failure(run)
    assert (report.verdict, report.data["reasons"]) == (Verdict.FAILED, ["five workers died"])
    assert report_failure(run) == report
    assert Report.objects.count() == 1


def test_a_run_that_is_cancelled_at_its_end_stays_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    run = running.start_run(suite=make_suite(right=3))
    run_job(running.jobs_of(run).get().pk)
    real = find_causes

    def cancel_first(asked: Run) -> Any:
        running.end_run(asked, RunState.CANCELLED)
        return real(asked)

    monkeypatch.setattr("apps.evaluations.services.finishing.find_causes", cancel_first)
    run_job(running.jobs_of(run).get(kind=running.FINISH_JOB).pk)
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert not Report.objects.exists()


def test_failures_are_put_together_by_cause_and_can_be_fixed() -> None:
    suite = SuiteFactory()
    for number in range(6):
        CaseFactory(suite=suite, input={"right": False, "cause": "wrong", "cluster": f"c{number % 2}"})
    CaseFactory(suite=suite, input={"right": False, "cause": "failed"})
    run = sweep(suite)
    causes = find_causes(run)
    assert [(cause["cause"], cause["cases"]) for cause in causes] == [("wrong", 6), ("failed", 1)]
    assert [cluster["cases"] for cluster in causes[0]["clusters"]] == [3, 3]
    outcome = run.outcomes.first()
    assert diagnose_outcome(outcome).cause == "wrong"
    assert "Noted 'x'" in fix_cause(outcome=outcome, name="note", values={"text": "x"}, user_id=None)
    with pytest.raises(comparing.InvalidInput):
        fix_cause(outcome=outcome, name="note", values={}, user_id=None)


def test_an_answer_that_was_given_can_be_accepted() -> None:
    suite = SuiteFactory()
    CaseFactory(suite=suite, input={"right": False, "got": [{"id": "b", "title": "Other"}]}, expected=["a"])
    outcome = sweep(suite).outcomes.get()
    with pytest.raises(comparing.InvalidInput):
        fix_cause(outcome=outcome, name="accept_answer", values={"answer": "zzz"}, user_id=None)
    assert "Other" in fix_cause(outcome=outcome, name="accept_answer", values={"answer": "b"}, user_id=None)
    outcome.case.refresh_from_db()
    assert outcome.case.expected == ["a", "b"]
