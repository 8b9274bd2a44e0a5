"""Claiming a key, keeping its answer, and forgetting both.

A claim is a row of its own, committed before the work starts. The answer is written in the transaction of the work,
so after a crash there is either the work with its answer or neither. A request that outlives its lease loses the row's
lock to the next try and can no longer commit.
"""

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils import timezone

from apps.core.errors import Conflict, InvalidInput
from apps.core.idempotency.models import IdempotencyRecord

HEADER = "Idempotency-Key"
KEEP = timedelta(hours=24)
LEASE = timedelta(minutes=2)
MAX_LENGTH = 255


class KeyReused(Exception):
    """The key was sent before with another request."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    status: int
    headers: dict[str, str]
    body: str  # JSON


def check_key(key: str) -> str:
    """Raises InvalidInput naming the header."""
    if not 0 < len(key) <= MAX_LENGTH or not key.isascii() or not key.isprintable():
        raise InvalidInput({HEADER: f"must be 1 to {MAX_LENGTH} printable ASCII characters"})
    return key


def digest_request(*, method: str, path: str, precondition: str, data: Any) -> str:
    """Equal for requests that ask for the same: the spacing of JSON and the boundaries of forms do not count."""
    parts = [method, path, precondition, _plain(data)]
    text = json.dumps(parts, sort_keys=True, default=_digest_upload)
    return hashlib.sha256(text.encode()).hexdigest()


def claim_key(*, user_id: int, key: str, fingerprint: str) -> IdempotencyRecord:
    """A record that is answered, or one that is now ours to answer.

    Raises KeyReused when the key came with another request, Conflict while the first one still runs.
    """
    now = timezone.now()
    mine = IdempotencyRecord.objects.filter(user_id=user_id, key=key)
    mine.older_than(now - KEEP).delete()
    lock = uuid.uuid4().hex
    fields = {"fingerprint": fingerprint, "lock": lock, "locked_until": now + LEASE}
    IdempotencyRecord.objects.bulk_create(
        [IdempotencyRecord(user_id=user_id, key=key, **fields)], ignore_conflicts=True
    )
    record = mine.first()
    if record is None:  # the first request failed and let go of the key between these two statements
        raise _still_running()
    if record.fingerprint != fingerprint:
        raise KeyReused
    if record.is_answered or record.lock == lock or _take_over(record, lock):
        return record
    raise _still_running()


def store_answer(*, record: IdempotencyRecord, answer: StoredAnswer) -> None:
    """Belongs into the transaction of the work. Raises Conflict when another request has taken the key over."""
    fields = {"status": answer.status, "headers": answer.headers, "body": answer.body}
    if not IdempotencyRecord.objects.held_by(record.lock).update(**fields):
        raise _still_running()


def release_key(record: IdempotencyRecord) -> None:
    """After a request that failed, and so changed nothing: the same key may be sent again."""
    IdempotencyRecord.objects.held_by(record.lock).delete()


def prune_records() -> int:
    deleted, _ = IdempotencyRecord.objects.older_than(timezone.now() - KEEP).delete()
    return deleted


def _take_over(record: IdempotencyRecord, lock: str) -> bool:
    now = timezone.now()
    dead = IdempotencyRecord.objects.held_by(record.lock).filter(locked_until__lt=now)
    if not dead.update(lock=lock, locked_until=now + LEASE):
        return False
    record.lock = lock
    return True


def _still_running() -> Conflict:
    return Conflict("A request with this key is being worked on: try again soon.", code="idempotency_in_progress")


def _plain(data: Any) -> Any:
    return dict(data.lists()) if isinstance(data, QueryDict) else data


def _digest_upload(value: object) -> str:
    if not isinstance(value, UploadedFile):
        raise TypeError(f"{type(value).__name__} is no part of a request")
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return f"{value.name}:{digest.hexdigest()}"
