import pytest
from django.test import Client

from apps.core.cache.registry import get_cache
from apps.evaluations.models import Report
from apps.evaluations.presenting import outcomes, report
from apps.users.roles import Role
from tests.evaluations import targets
from tests.evaluations.factories import (
    CaseFactory,
    CaseOutcomeFactory,
    RunFactory,
    SuiteFactory,
)
from tests.evaluations.views.pages import address, client_of, finish


@pytest.fixture
def viewer() -> Client:
    return client_of(Role.VIEWER)


@pytest.fixture
def curator() -> Client:
    return client_of(Role.CURATOR)


@pytest.fixture(autouse=True)
def _empty_caches():
    for name in (outcomes.CAUSES, report.LIVE):
        get_cache(name).local.clear()


@pytest.fixture
def compared() -> Report:
    """Twenty cases over two runs: one newly wrong, one newly right, one wrong in both."""
    suite = SuiteFactory(name="Nightly questions")
    before, after = RunFactory(suite=suite, note="before"), RunFactory(suite=suite, note="synonyms emptied")
    rights = {0: (True, False), 1: (False, True), 2: (False, False)}
    for number in range(20):
        case = CaseFactory(suite=suite, query=f"question {number}", made_by="typo" if number % 2 else "name")
        for run, right in zip((before, after), rights.get(number, (True, True)), strict=True):
            trace = {"steps": [{"tier": "rules", "outcome": "answered", "ms": 1.0, "confidence": 0.9, "reason": ""}]}
            labels = {"language": "go"}
            tier = "rules" if right else "lexical"
            CaseOutcomeFactory(run=run, case=case, right=right, labels=labels, trace=trace, tier=tier)
    finish(before, None)
    return finish(after, before)


@pytest.fixture
def trace(monkeypatch) -> str:
    answer = {
        "query": "sort a list",
        "filters": {},
        "got": [{"id": "b", "title": "Answer b"}],
        "trace": {"answered": True},
    }
    monkeypatch.setitem(targets.TRACES, "t1", answer)
    return f"{address('feedback')}?target={targets.NAME}&trace=t1"
