"""Cases that a suite's target makes from what it answers from."""

import time
from typing import Any

from apps.core.errors import InvalidInput
from apps.core.jobs.context import JobContext
from apps.core.jobs.services import enqueue_job
from apps.core.models import Job
from apps.core.targets.registry import get_target
from apps.evaluations.models import CaseOrigin, Suite
from apps.evaluations.services.cases import store_cases

KIND = "evaluations.generate"
MAX_COUNT = 100_000
MAX_SEED = 2**31 - 1


def generate_suite(*, suite: Suite, count: int, seed: int, user_id: int | None = None) -> dict[str, Any]:
    """Puts generated cases into the suite; again with the same seed changes only what the catalogue changed.

    Raises InvalidInput naming count or seed, or what the target lacks to make cases from.
    """
    check_numbers(count, seed)
    started = time.monotonic()
    records = get_target(suite.target).generate_cases(count=count, seed=seed)
    stored = store_cases(suite=suite, records=records, origin=CaseOrigin.GENERATED, user_id=user_id)
    return {"suite": suite.name, "seed": seed, **stored.as_dict(), "seconds": round(time.monotonic() - started, 2)}


def start_generation(*, suite: Suite, count: int, seed: int, user_id: int | None = None) -> Job:
    """The same in the background: ten thousand cases take longer than a request should."""
    check_numbers(count, seed)
    return enqueue_job(kind=KIND, params={"suite": suite.pk, "count": count, "seed": seed}, user_id=user_id)


def run_generation(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """The job's handler."""
    suite = Suite.objects.get(pk=params["suite"])
    user_id = context.job.created_by_id
    return generate_suite(suite=suite, count=params["count"], seed=params["seed"], user_id=user_id)


def check_numbers(count: int, seed: int) -> None:
    if not 1 <= count <= MAX_COUNT:
        raise InvalidInput({"count": f"must be from 1 to {MAX_COUNT:,}"})
    if not 0 <= seed <= MAX_SEED:
        raise InvalidInput({"seed": f"must be from 0 to {MAX_SEED:,}"})
