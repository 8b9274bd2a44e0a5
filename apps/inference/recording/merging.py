"""Old counts are merged: those of minutes into hours, and those of hours into days, so that the table stays small."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction

from apps.inference.recording.models import LATENCY_BOUNDS
from apps.inference.recording.writing import ADD_TO_KEPT, ALIKE, COUNTED, read_reset

DAY = timedelta(days=1)

FIND = """
SELECT min(minute) FROM inference_callminute
WHERE minute < date_trunc(%(grain)s, %(before)s::timestamptz, 'UTC') AND minute <> {stretch}
"""
STRETCH = """
CASE WHEN date_trunc(%(grain)s, minute, 'UTC') < %(reset)s::timestamptz AND %(reset)s <= minute
THEN %(reset)s ELSE date_trunc(%(grain)s, minute, 'UTC') END
"""
"""What a row becomes part of: its hour or day, or what is left of that after the last reset."""
BUCKETS = ", ".join(f"coalesce(sum(buckets[{place}]), 0)" for place in range(1, len(LATENCY_BOUNDS) + 2))
MERGE = f"""
WITH taken AS (
    DELETE FROM inference_callminute
    WHERE minute >= %(since)s AND minute < least(%(until)s, date_trunc(%(grain)s, %(before)s::timestamptz, 'UTC'))
        AND minute <> {{stretch}}
    RETURNING *
)
INSERT INTO inference_callminute AS kept (minute, {ALIKE}, {COUNTED})
SELECT {{stretch}}, {ALIKE}, sum(calls), sum(retries), sum(prompt_tokens), sum(completion_tokens), sum(cost), sum(ms),
    ARRAY[{BUCKETS}]::integer[]
FROM taken GROUP BY 1, {ALIKE} ORDER BY 1, {ALIKE}
{ADD_TO_KEPT}
"""  # noqa: S608 - of constants

log = structlog.get_logger("touchstone.inference")


@dataclass(frozen=True, slots=True)
class Grain:
    """How exactly is counted what is older than `after`."""

    name: str
    after: timedelta


GRAINS = (Grain("hour", timedelta(days=9)), Grain("day", timedelta(days=90)))
"""The longest stretch that pages show by itself is a week: what is merged is older, and all its sums stay."""


def merge_counts(*, now: datetime) -> int:
    """How many days there was something to merge of. What is merged already is left as it is."""
    reset = read_reset()
    merged = 0
    for grain in GRAINS:
        given = {"grain": grain.name, "before": now - grain.after, "reset": reset}
        while (first := find_first(given)) is not None:
            merge_day(first, given)
            merged += 1
    log.info("counts_merged", days=merged)
    return merged


def find_first(given: dict[str, Any]) -> datetime | None:
    """The oldest row that is not merged."""
    with connection.cursor() as cursor:
        cursor.execute(FIND.format(stretch=STRETCH), given)
        row = cursor.fetchone()
    first: datetime | None = row[0]
    return first


@transaction.atomic
def merge_day(first: datetime, given: dict[str, Any]) -> None:
    """That of `first`, as far as it is old enough."""
    since = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(MERGE.format(stretch=STRETCH), {**given, "since": since, "until": since + DAY})
