"""The factories and the fake target that the other tests rest on."""

import pytest

from apps.core.targets.registry import get_target
from apps.core.targets.types import CaseRecord, Question
from apps.evaluations.models import Run
from tests.evaluations import targets
from tests.evaluations.factories import CaseFactory, CaseOutcomeFactory, ReportFactory, RunFactory, ScheduleFactory


def ask(**given) -> Question:
    return Question(1, "q", given, ["a"], {})


@pytest.mark.unit
def test_the_fake_target_answers_what_its_cases_say():
    target = get_target(targets.NAME)
    right, wrong = target.answer([ask(), ask(right=False, rank=3, latency_ms=7)])
    assert (right.right, right.rank, right.score) == (True, 1, 1.0)
    assert (wrong.right, wrong.rank, wrong.score, wrong.latency_ms) == (False, 3, 0.0, 7)
    answers = target.answer([ask(), ask(**{"raise": "broken"})])
    next(answers)
    with pytest.raises(RuntimeError, match="broken"):
        next(answers)
    assert target.check_case(CaseRecord("x")) == {"query": "is empty"}
    assert list(target.generate_cases(count=3, seed=1)) == list(target.generate_cases(count=3, seed=1))


@pytest.mark.integration
@pytest.mark.django_db
def test_factories_make_what_belongs_together():
    outcome = CaseOutcomeFactory(right=False)
    assert outcome.case.suite == outcome.run.suite
    report = ReportFactory()
    assert report.baseline.suite == report.run.suite
    schedule = ScheduleFactory(periodic_task__crontab__hour="4")
    assert schedule.periodic_task.crontab.hour == "4"
    assert CaseFactory(suite=outcome.run.suite).suite == outcome.run.suite
    assert RunFactory(state="running").finished_at is None
    assert Run.objects.open().count() == 1
