"""What is kept of old runs: their figures and reports for good, each case's outcome for a while."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from apps.evaluations.models import CaseOutcome, Report, Run, Suite, Verdict

BATCH = 5000

log = structlog.get_logger("touchstone.evaluations")


def prune_outcomes(*, now: datetime) -> int:
    """Deletes the outcomes of runs that ended more than EVALUATION_KEEP_DAYS ago; how many."""
    before = now - timedelta(days=settings.EVALUATION_KEEP_DAYS)
    old = Run.objects.filter(finished_at__lt=before, outcomes_pruned=False).order_by("pk")
    deleted = 0
    for run_id in old.exclude(pk__in=find_kept()).values_list("pk", flat=True):
        deleted += prune_run(run_id)
    if deleted:
        log.info("outcomes_pruned", outcomes=deleted)
    return deleted


@transaction.atomic
def prune_run(run_id: int) -> int:
    """All outcomes of one run, or none. Its row is locked: nobody can pin it as a baseline meanwhile."""
    run = Run.objects.select_for_update().defer("plan").get(pk=run_id)
    if not run.is_over or run.outcomes_pruned or run_id in find_kept():
        return 0
    deleted = 0
    while batch := list(run.outcomes.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        count, _ = CaseOutcome.objects.filter(pk__in=batch).delete()
        deleted += count
    run.outcomes_pruned = True
    run.save(update_fields=["outcomes_pruned", "updated_at"])
    return deleted


def find_kept() -> set[int]:
    """Runs that somebody still needs the cases of.

    Pinned baselines, each suite's last good run, what open runs will be compared with, and both runs of an alarming
    report that nobody has acknowledged.
    """
    suites = Suite.objects.all()
    kept = {suite.baseline_id for suite in suites}
    kept |= {run.pk for suite in suites if (run := suite.last_good_run())}
    kept |= set(Run.objects.open().values_list("baseline", flat=True))
    alarming = Report.objects.filter(verdict__in=[Verdict.WORSE, Verdict.FAILED], acknowledged_at=None)
    for pair in alarming.values_list("run", "baseline"):
        kept |= set(pair)
    return {pk for pk in kept if pk is not None}
