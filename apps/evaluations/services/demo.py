"""What a new installation has to look at: a generated suite over the demo catalogue, its first run, and a schedule."""

from typing import Any

from apps.core.jobs.context import JobContext
from apps.core.jobs.services import enqueue_job
from apps.core.models import Job
from apps.core.targets.registry import get_target
from apps.evaluations.models import BaselineChoice, CaseOrigin, Suite
from apps.evaluations.services.cases import store_cases
from apps.evaluations.services.running import start_run
from apps.evaluations.services.scheduling import save_schedule
from apps.evaluations.services.suites import create_suite
from apps.functions.services.indexing import IndexState, index_state
from apps.inference.services import model_digest

NAME = "Demo: generated questions"
DESCRIPTION = (
    "Questions made from the demo catalogue: names, descriptions, keywords, synonyms, typos. Every one says how it was "
    "made and lists all its right answers. Swept every night; sweep it after a change to see what the change did."
)
CASES = 10_000
SEED = 1
WORDS = "every night at 2"
KIND = "evaluations.fill_demo"
BEFORE = (KIND, "functions.import", "functions.embed")
"""Jobs that come to an end first."""


def prepare_demo() -> None:
    """Makes the suite, empty, where there is none of any kind; it is filled when its catalogue can be searched."""
    if not Suite.objects.exists():
        create_suite(name=NAME, description=DESCRIPTION)
    fill_when_ready()


def fill_when_ready() -> None:
    """Follows every build of the index: starts filling the demo suite once that is searchable by meaning, too."""
    suite = _empty_suite()
    if suite is None or Job.objects.open().filter(kind__in=BEFORE).exists():
        return
    if is_searchable(index_state(), model_digest()):
        enqueue_job(kind=KIND, params={})


def is_searchable(state: IndexState, model: str) -> bool:
    """Whether the index has all that is published, and all of it by meaning where there is a model.

    Only the vectors in the index count: what was embedded while it was built is in the next one.
    """
    whole = 0 < state.published == state.documents
    return whole and (not model or (state.model_digest == model and state.with_vectors == state.documents))


def fill_demo(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """The job's handler. A second attempt finds the suite filled and adds nothing."""
    suite = _empty_suite()
    if suite is None:
        return {"cases": 0}
    context.report(0, 2, "making cases")
    cases = get_target(suite.target).generate_cases(count=CASES, seed=SEED)
    stored = store_cases(suite=suite, records=cases, origin=CaseOrigin.GENERATED)
    context.report(1, 2, f"{stored.created:,} cases made")
    save_schedule(
        suite=suite, words=WORDS, compare_with=BaselineChoice.LAST_GOOD, emails=[], webhook_url="", user_id=None
    )
    run = start_run(suite=suite, note="The first run, right after the catalogue was loaded")
    return {"cases": stored.created, "run": run.pk}


def _empty_suite() -> Suite | None:
    return Suite.objects.filter(name=NAME, cases__isnull=True).first()
