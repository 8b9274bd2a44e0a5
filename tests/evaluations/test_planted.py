"""Changes planted into a real catalogue: the sweep finds the one that does harm, and the one that does none."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from apps.core.jobs.services import run_inline, run_job
from apps.core.models import JobState
from apps.evaluations.models import CaseOrigin, Run, Suite, Verdict
from apps.evaluations.services import running
from apps.evaluations.services.cases import store_cases
from apps.evaluations.services.suites import create_suite
from apps.functions.models import Function, SynonymGroup
from apps.functions.search.synonyms import SYNONYM_GROUPS
from apps.functions.services import indexing, live, searching
from apps.functions.services.generating import generate_cases
from apps.inference import embedder
from tests.functions.factories import FunctionFactory, LibraryFactory
from tests.functions.patience import let_search_take_its_time, mind_no_other_transactions

pytestmark = [pytest.mark.integration, pytest.mark.critical, pytest.mark.django_db(transaction=True)]

ACTIONS = ("sort", "delete", "create", "convert", "compress", "compare", "merge", "count", "check", "insert")
THINGS = ("array", "directory", "string", "dictionary", "database", "message", "password", "matrix")
SAYING = {
    "sort": "Put the {} into ascending sequence.",
    "delete": "Take the {} away for good.",
    "create": "Bring a {} into being from nothing.",
    "convert": "Give the {} another form.",
    "compress": "Squeeze the {} until it needs little room.",
    "compare": "Tell in what two of {} differ.",
    "merge": "Lay one {} on another, keeping both.",
    "count": "Tell how often something is in the {}.",
    "check": "Tell whether the {} is sound.",
    "insert": "Put something new into the {}.",
}


@pytest.fixture
def catalogue(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Functions that are searched by their words alone, where synonyms count most."""
    settings.INDEX_DIR = tmp_path / "index"
    settings.MODELS_DIR = tmp_path / "none"
    settings.INDEX_REFRESH_SECONDS = 0.0
    let_search_take_its_time(monkeypatch)
    mind_no_other_transactions(monkeypatch)
    forget()
    embedder._load.cache_clear()
    library = LibraryFactory(name="things")
    for action, thing in product(ACTIONS, THINGS):
        FunctionFactory(
            library=library,
            name=f"{action}_{thing}",
            description=SAYING[action].format(thing),
            keywords=[],
            action=action,
            data_type=thing,
        )
    SynonymGroup.objects.all().delete()
    SynonymGroup.objects.bulk_create(SynonymGroup(words=list(words)) for words in SYNONYM_GROUPS)
    run_inline(kind=indexing.KIND, params={})
    yield library
    forget()
    embedder._load.cache_clear()


def forget() -> None:
    searching.get_cache("functions.answers").local.clear()
    live.live_index.cache_clear()


@pytest.fixture
def suite(catalogue: Any) -> Suite:
    suite = create_suite(name="planted", margin=0.02)
    store_cases(suite=suite, records=generate_cases(count=400, seed=3), origin=CaseOrigin.GENERATED)
    return suite


def sweep(suite: Suite) -> Run:
    run = running.start_run(suite=suite)
    while job := running.jobs_of(run).filter(state=JobState.QUEUED).first():
        assert run_job(job.pk).state == JobState.SUCCEEDED
    return Run.objects.get(pk=run.pk)


def test_an_emptied_synonym_table_is_caught_and_named_in_the_flips(suite: Suite) -> None:
    before = sweep(suite)
    SynonymGroup.objects.all().delete()
    after = sweep(suite)
    data = after.report.data
    assert after.report.verdict == Verdict.WORSE, data["reasons"]
    assert after.summary["accuracy"] < before.summary["accuracy"] - 0.02
    assert "synonyms" in {change["name"] for change in data["changes"]}
    wrong = [flip for flip in data["flips"]["list"] if flip["newly"] == "wrong"]
    named = [flip for flip in wrong if "synonym" in flip["change"]]
    assert len(named) >= 0.8 * len(wrong) > 0
    assert "synonym" in {part["value"] for part in data["comparison"]["slices"] if part["moved"] == "worse"}


def test_a_harmless_reordering_makes_no_difference(suite: Suite) -> None:
    # The cases are of 80 functions, each one piece of evidence: they cannot speak for less than four points.
    suite.margin = 0.05
    suite.save()
    before = sweep(suite)
    for function in Function.objects.order_by("-name"):
        function.save()  # each row is written anew, in another order
    run_inline(kind=indexing.KIND, params={})
    forget()
    after = sweep(suite)
    assert after.report.verdict == Verdict.NO_DIFFERENCE, after.report.data["reasons"]
    assert after.report.data["flips"]["newly_wrong"] == 0
    assert after.summary["accuracy"] == before.summary["accuracy"]
    assert {change["name"] for change in after.report.data["changes"]} <= {"catalogue", "index"}
