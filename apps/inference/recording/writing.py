"""A batch of calls into the database: rows, texts that are wanted, and counts, all or none of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog
from django.contrib.auth import get_user_model
from django.db import DataError, IntegrityError, connection, transaction

from apps.core.live import announce
from apps.inference.recording.facts import Alike, CallFacts, Counts, count_calls
from apps.inference.recording.models import Call, CallText, PerformanceReset
from apps.inference.recording.retention import read_retention_of
from apps.inference.recording.texts import read_answer, read_question

Rows = list[tuple[int, CallFacts]]


COLUMNS = (
    *("id", "at", "user_id", "key_id", "operation", "target", "model", "provider", "tier", "cache", "outcome"),
    *("streamed", "prompt_tokens", "completion_tokens", "tokens_estimated", "cost", "ms", "first_ms", "attempts"),
    "trace_id",
)
TAKE = "SELECT nextval(pg_get_serial_sequence('inference_call', 'id')) FROM generate_series(1, %s)"
COPY = f"COPY inference_call ({', '.join(COLUMNS)}) FROM STDIN"
ALIKE = "owner, target, model, provider, operation, tier, cache, outcome"
COUNTED = "calls, retries, prompt_tokens, completion_tokens, cost, ms, buckets"
ADD_TO_KEPT = f"""
ON CONFLICT (minute, {ALIKE}) DO UPDATE SET
    calls = kept.calls + excluded.calls,
    retries = kept.retries + excluded.retries,
    prompt_tokens = kept.prompt_tokens + excluded.prompt_tokens,
    completion_tokens = kept.completion_tokens + excluded.completion_tokens,
    cost = kept.cost + excluded.cost,
    ms = kept.ms + excluded.ms,
    buckets = (
        SELECT array_agg(coalesce(old, 0) + coalesce(new, 0) ORDER BY place)
        FROM unnest(kept.buckets, excluded.buckets) WITH ORDINALITY AS pairs(old, new, place)
    )
"""  # noqa: S608 - of constants
ADD = f"""
INSERT INTO inference_callminute AS kept (minute, {ALIKE}, {COUNTED})
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
{ADD_TO_KEPT}
"""  # noqa: S608 - of constants

WRONG = (IntegrityError, DataError, TypeError, ValueError)
"""What a call raises that will never be written."""

log = structlog.get_logger("touchstone.inference")


@dataclass(slots=True)
class Batch:
    """Calls, and the ids that they have from the first try to write them on."""

    calls: list[CallFacts]
    ids: list[int] = field(default_factory=list)
    is_tried: bool = False


def write_calls(batch: Batch) -> None:
    """The same batch again changes nothing. Of a call that can't be written it is logged why, and the others are.

    Raises DatabaseError where the database is away.
    """
    if not batch.ids:
        batch.ids = take_ids(len(batch.calls))
    rows = list(zip(batch.ids, batch.calls, strict=True))
    if batch.is_tried:
        rows = without_written(rows)
    batch.is_tried = True
    try:
        write_together(rows)
    except WRONG:
        for row in without_strangers(rows):
            write_alone(row)
    announce("inference")


def take_ids(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [count])
        return [row[0] for row in cursor.fetchall()]


def write_alone(row: tuple[int, CallFacts]) -> None:
    try:
        write_together([row])
    except WRONG as error:
        log.error("call_not_written", call=row[0], target=row[1].target, error=str(error))


def write_together(rows: Rows) -> None:
    with transaction.atomic():
        copy_calls(rows)
        keep_texts(rows)
        add_counts(count_calls((call for _, call in rows), read_reset()))


def without_written(rows: Rows) -> Rows:
    """Where a connection broke while rows were committed, nobody knows whether they were."""
    written = set(Call.objects.filter(pk__in=[id for id, _ in rows]).values_list("pk", flat=True))
    return [row for row in rows if row[0] not in written]


def copy_calls(rows: Rows) -> None:
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for id, call in rows:
            copy.write_row(row_of(id, call))


def row_of(id: int, call: CallFacts) -> tuple[Any, ...]:
    """In the order of COLUMNS."""
    return (
        id,
        call.when,
        call.caller.user,
        call.caller.key,
        call.operation.value,
        without_nul(call.target)[:100],
        call.model,
        call.provider,
        call.tier,
        call.cache,
        call.outcome,
        call.streamed,
        call.usage.prompt,
        call.usage.completion,
        call.usage.estimated,
        call.cost,
        call.ms,
        call.first_ms,
        orjson.dumps([attempt.as_dict() for attempt in call.attempts]).decode(),
        without_nul(call.caller.trace_id)[:40],
    )


def keep_texts(rows: Rows) -> None:
    """Of those only who want theirs kept now."""
    held = [(id, call) for id, call in rows if call.question is not None]
    if not held:
        return
    days = read_retention_of(call.caller.user for _, call in held if call.caller.user is not None)
    CallText.objects.bulk_create([text_of(id, call, days) for id, call in held if call.caller.user in days])


def text_of(id: int, call: CallFacts, days: Mapping[int, int]) -> CallText:
    return CallText(
        call_id=id,
        question=read_question(call.question or {}),
        answer=read_answer(call.answer or {}),
        keep_until=call.when + timedelta(days=days[call.caller.user or 0]),
    )


def read_reset() -> datetime | None:
    return PerformanceReset.objects.values_list("at", flat=True).first()


def add_counts(counted: Mapping[Alike, Counts]) -> None:
    rows = [
        (
            *alike._replace(target=without_nul(alike.target)),
            counts.calls,
            counts.retries,
            counts.prompt_tokens,
            counts.completion_tokens,
            counts.cost,
            counts.ms,
            counts.buckets,
        )
        for alike, counts in counted.items()
    ]
    with connection.cursor() as cursor:
        cursor.executemany(ADD, rows)


def without_strangers(rows: Rows) -> Rows:
    """Whose account or key was removed meanwhile is nobody to the table."""
    users = ids_that_exist(get_user_model(), [call.caller.user for _, call in rows])
    keys = ids_that_exist(Call._meta.get_field("key").related_model, [call.caller.key for _, call in rows])
    return [
        (
            id,
            call._replace(
                caller=type(call.caller)(
                    call.caller.user if call.caller.user in users else None,
                    call.caller.key if call.caller.key in keys else None,
                    call.caller.trace_id,
                )
            ),
        )
        for id, call in rows
    ]


def ids_that_exist(model: Any, ids: Sequence[int | None]) -> set[int]:
    return set(model.objects.filter(pk__in={id for id in ids if id is not None}).values_list("pk", flat=True))


def without_nul(text: str) -> str:
    """PostgreSQL keeps none."""
    return text.replace("\0", "")
