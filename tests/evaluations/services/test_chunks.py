"""Chunks: every case is asked and stored once, whatever happens on the way."""

import threading
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import Avg, Count, Q

from apps.core.jobs.context import JobContext
from apps.core.jobs.services import recover_jobs, run_job
from apps.core.models import Job, JobState
from apps.evaluations.models import Case, CaseOutcome, Run, RunState
from apps.evaluations.services import chunks, running
from apps.evaluations.services.outcomes import OutcomeRow, to_row
from tests.evaluations.factories import CaseFactory, SuiteFactory
from tests.evaluations.targets import FakeTarget

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def small_chunks(settings: Any) -> None:
    settings.SWEEP_CHUNK_CASES = 3
    settings.SWEEP_CHUNKS_AT_ONCE = 2


def start(*inputs: dict[str, Any]) -> Run:
    suite = SuiteFactory()
    for given in inputs:
        CaseFactory(suite=suite, input=given)
    return running.start_run(suite=suite)


def run_chunks(run: Run) -> None:
    """All waiting chunks, as workers would, but not the end of the run."""
    while job := running.jobs_of(run).filter(kind=running.CHUNK_JOB, state=JobState.QUEUED).first():
        run_job(job.pk)
    run.refresh_from_db()


def test_a_run_is_cut_into_chunks_of_which_few_wait_at_a_time() -> None:
    run = start(*[{"right": True}] * 10)
    assert (run.total, run.planned, running.jobs_of(run).count()) == (10, 6, 2)
    assert Job.objects.whole().count() == 0
    run_chunks(run)
    assert (run.done, run.planned, run.state) == (10, 10, RunState.RUNNING)
    assert sorted(run.outcomes.values_list("case_id", flat=True)) == sorted(run.plan)
    assert running.jobs_of(run).filter(kind=running.FINISH_JOB, state=JobState.QUEUED).count() == 1


def test_the_first_chunk_gives_an_estimate() -> None:
    run = start(*[{"right": True}] * 10)
    run_job(running.jobs_of(run).first().pk)
    run.refresh_from_db()
    assert (run.estimate["cases"], run.estimate["accuracy"]) == (3, 1.0)
    low, high = run.estimate["accuracy_interval"]
    assert 0 < low < 1 == high


def test_a_case_that_fails_is_an_outcome() -> None:
    run = start({"right": True}, {"raise": "the model is away"}, {"error": "refused"}, {"right": False})
    run_chunks(run)
    outcomes = {row.case.input.get("raise") or row.case.input.get("error", ""): row for row in run.outcomes.all()}
    assert run.done == 4
    assert outcomes["the model is away"].error == "RuntimeError: the model is away"
    assert not outcomes["the model is away"].right
    assert outcomes["refused"].error == "refused"


def test_the_estimate_goes_on_from_chunk_to_chunk() -> None:
    run = start(*[{"right": number % 2 == 0} for number in range(7)], {"error": "refused"})
    run_chunks(run)
    figures = run.outcomes.aggregate(right=Count("pk", filter=Q(right=True)), latency=Avg("latency_ms"))
    assert (run.estimate["cases"], run.estimate["failed"]) == (8, 1)
    assert run.estimate["accuracy"] == figures["right"] / 8
    assert run.estimate["latency_ms"] == round(figures["latency"], 2)


def test_a_target_that_takes_several_together_fails_where_it_is_at_fault() -> None:
    class Together(FakeTarget):
        def answer(self, questions: Any) -> Any:
            if len(questions) > 1:
                yield from list(super().answer(questions))
            else:
                yield from super().answer(questions)

    suite = SuiteFactory()
    given: list[dict[str, Any]] = [{"right": True}, {"right": True}, {"raise": "broken"}, {"right": True}]
    cases = [CaseFactory(suite=suite, input=one) for one in given]
    outcomes = list(chunks.answer_all(Together(), [question(case) for case in cases]))
    assert [(one.right, one.error) for one in outcomes] == [
        (True, ""), (True, ""), (False, "RuntimeError: broken"), (True, "")
    ]  # fmt: skip


def test_a_chunk_that_ran_twice_counts_once() -> None:
    run = start(*[{"right": True}] * 7)
    job = running.jobs_of(run).first()
    rows = [answer(run, case) for case in cases_of(job)]
    assert chunks.store_outcomes(run.pk, rows) == 3
    run_chunks(run)
    assert (run.done, run.outcomes.count()) == (7, 7)
    assert running.jobs_of(run).filter(kind=running.FINISH_JOB).count() == 1


def test_of_a_chunk_that_is_there_in_part_the_rest_is_stored() -> None:
    run = start(*[{"right": True}] * 3)
    rows = [answer(run, case) for case in cases_of(running.jobs_of(run).get())]
    assert [chunks.store_outcomes(run.pk, rows[:1]), chunks.store_outcomes(run.pk, rows)] == [1, 2]
    assert (Run.objects.get(pk=run.pk).done, run.outcomes.count()) == (3, 3)


def test_two_workers_with_one_chunk_store_it_once() -> None:
    run = start(*[{"right": True}] * 3)
    cases = cases_of(running.jobs_of(run).get())
    stored = []

    def store() -> None:
        rows = [answer(run, case) for case in cases]
        stored.append(chunks.store_outcomes(run.pk, rows))
        connection.close()

    threads = [threading.Thread(target=store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stored) == [0, 0, 0, 3]
    assert (Run.objects.get(pk=run.pk).done, run.outcomes.count()) == (3, 3)
    assert running.jobs_of(run).filter(kind=running.FINISH_JOB).count() == 1


def test_a_chunk_whose_database_went_away_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = start(*[{"right": True}] * 2)
    job = running.jobs_of(run).get()

    def break_off(*args: object) -> None:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(chunks, "store_outcomes", break_off)
        assert run_job(job.pk) is None
    job.refresh_from_db()
    assert (job.state, run.outcomes.count()) == (JobState.RUNNING, 0)
    Job.objects.filter(pk=job.pk).update(lease_until=job.created_at)
    assert recover_jobs() == 1
    run_chunks(run)
    assert (run.done, run.outcomes.count()) == (2, 2)


def test_a_cancelled_run_stores_nothing_more() -> None:
    run = start(*[{"right": True}] * 7)
    first = running.jobs_of(run).first()
    run_job(first.pk)
    running.cancel_run(run=run)
    assert run.state == RunState.CANCELLED
    assert not running.jobs_of(run).open().exists()
    late = [answer(run, case) for case in run.suite.cases.all()]
    assert chunks.store_outcomes(run.pk, late) == 0
    assert run.outcomes.count() == 3
    job = Job.objects.create(kind=running.CHUNK_JOB, params={"run": run.pk, "cases": run.plan[3:6]})
    assert run_job(job.pk).result == {"stored": 0}


def test_a_chunk_stops_where_it_is_when_its_run_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    run = start(*[{"right": True}] * 3)
    asked: list[int] = []
    answer = FakeTarget.answer

    def cancel_after_one(self: FakeTarget, questions: Any) -> Any:
        for outcome in answer(self, questions):
            asked.append(1)
            running.cancel_run(run=run)
            yield outcome

    monkeypatch.setattr(FakeTarget, "answer", cancel_after_one)
    monkeypatch.setattr(chunks, "REPORT_SECONDS", 0)
    monkeypatch.setattr(JobContext, "report", lambda self, *args: self._renew() or self.check())
    job = run_job(running.jobs_of(run).get().pk)
    assert (job.state, asked, CaseOutcome.objects.count()) == (JobState.CANCELLED, [1], 0)


def cases_of(job: Job) -> Any:
    return list(Case.objects.filter(pk__in=job.params["cases"]))


def question(case: Any) -> chunks.Question:
    return chunks.Question(case.pk, case.query, case.input, case.expected, case.filters)


def answer(run: Run, case: Case) -> OutcomeRow:
    return to_row(run.pk, case.pk, case.version, next(FakeTarget().answer([question(case)])))
