"""The sweep command: a run from start to report, by the processes that it was told to take."""

import io
import json
import os
from typing import Any

import pytest
from django.core.management import call_command

from apps.evaluations.models import RunState, Suite
from tests.evaluations.factories import CaseFactory, SuiteFactory
from tests.evaluations.targets import FakeTarget

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

CASES = 20


@pytest.fixture
def suite(settings: Any) -> Suite:
    settings.SWEEP_CHUNK_CASES = 3
    suite: Suite = SuiteFactory.create()
    for number in range(CASES):
        CaseFactory(suite=suite, input={"right": number > 0})
    return suite


def sweep(suite: Suite, workers: int) -> dict[str, Any]:
    out = io.StringIO()
    call_command("sweep", suite.name, "--workers", str(workers), "--json", stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


@pytest.mark.parametrize("workers", [1, 3])
def test_it_runs_all_cases_and_reports(suite: Suite, workers: int) -> None:
    result = sweep(suite, workers)
    run = suite.runs.get()
    assert (run.state, run.done, run.outcomes.count()) == (RunState.SUCCEEDED, CASES, CASES)
    assert (result["run"], result["cases"], result["accuracy"]) == (run.pk, CASES, 0.95)


def test_the_target_is_made_ready_once_before_there_are_more_processes(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready: list[int] = []
    answer = FakeTarget.answer

    def answer_if_ready(self: FakeTarget, questions: Any) -> Any:
        assert ready == [parent]
        yield from answer(self, questions)

    parent = os.getpid()
    monkeypatch.setattr(FakeTarget, "make_ready", lambda self: ready.append(os.getpid()))
    monkeypatch.setattr(FakeTarget, "answer", answer_if_ready)
    sweep(suite, 3)
    assert not suite.runs.get().outcomes.exclude(error="").exists()
