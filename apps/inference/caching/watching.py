"""How often an answer to other words was a wrong one, of each alias, and the threshold that follows from it."""

from collections.abc import Mapping
from dataclasses import replace

from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from apps.core.audit import record
from apps.inference.caching.models import SemanticWatch
from apps.inference.curated import CuratedAlias
from apps.inference.kept import Kept
from apps.inference.semantic.monitor import Checked, Rule, Watch, observe

LOOK_SECONDS = 5.0
RULE = Rule()


def read_thresholds() -> Mapping[int, float]:
    """By alias; one that was never moved has none. Asks the database once."""
    return dict(SemanticWatch.objects.values_list("alias_id", "threshold"))


thresholds: Kept[Mapping[int, float]] = Kept("semantic_thresholds", read_thresholds, seconds=LOOK_SECONDS)


async def get_threshold(alias: CuratedAlias) -> float | None:
    """Where it was moved to, else what it is set to; None stands for the fitted one."""
    try:
        return (await thresholds.get_async()).get(alias.id, alias.cache_threshold)
    except DatabaseError:
        return alias.cache_threshold


def list_watches() -> QuerySet[SemanticWatch]:
    return SemanticWatch.objects.select_related("alias").order_by("alias__name")


def list_waiting() -> QuerySet[SemanticWatch]:
    """Those that were tightened, as nobody has seen yet."""
    return list_watches().filter(waits=True)


def set_seen(*, pk: int) -> None:
    SemanticWatch.objects.filter(pk=pk).update(waits=False)


def begin_anew(alias_id: int) -> None:
    """For a threshold that was set by hand: hits of another one tell nothing of it."""
    SemanticWatch.objects.filter(alias_id=alias_id).delete()
    transaction.on_commit(thresholds.forget)


@transaction.atomic
def note_check(*, alias: CuratedAlias, same: bool, fitted: float) -> Watch:
    """Counts a hit that was answered anew. A threshold that moves is noted in the audit log, and waits to be seen.

    It never becomes looser than what the alias is set to.
    """
    rule = RULE if alias.cache_threshold is None else replace(RULE, least=alias.cache_threshold)
    begins = {"threshold": fitted if alias.cache_threshold is None else alias.cache_threshold}
    row, _ = SemanticWatch.objects.select_for_update().get_or_create(alias_id=alias.id, defaults=begins)
    before = Watch(row.threshold, Checked(row.hits, row.false), row.tightened, row.loosened)
    after = observe(before, Checked(1, int(not same)), rule)
    row.threshold, row.hits, row.false = after.threshold, after.checked.hits, after.checked.false
    row.tightened, row.loosened = after.tightened, after.loosened
    row.all_hits += 1
    row.all_false += int(not same)
    if after.threshold != before.threshold:
        row.waits = row.waits or after.tightened > before.tightened
        record(
            "semantic.tightened" if after.tightened > before.tightened else "semantic.loosened",
            subject=row.alias,
            before={"threshold": before.threshold},
            after={"threshold": after.threshold},
            checked=before.checked.hits + 1,
            false=before.checked.false + int(not same),
        )
    row.save()
    transaction.on_commit(thresholds.forget)
    return after
