"""Encrypting what is stored anew, with the first of SECRETS_KEYS."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from apps.core.audit import record
from apps.core.secrets.cipher import SecretUnreadable, is_current, reencrypt
from apps.core.secrets.stores import Store, find_stores

ROWS_AT_ONCE = 200


@dataclass(slots=True)
class Rotation:
    """`unreadable` names the rows that no key opens; they are left as they are."""

    rewritten: int = 0
    current: int = 0
    unreadable: list[str] = field(default_factory=list)


def rotate_secrets() -> Rotation:
    """Rewrites each row with a secret that the first key did not encrypt.

    Rows that it did are passed over: cut short, it goes on from there when it is called again.
    """
    rotation = Rotation()
    for store in find_stores():
        last: Any = None
        while (last := _rotate_rows(store, last, rotation)) is not None:
            pass
    record("secrets.rotated", rewritten=rotation.rewritten, unreadable=len(rotation.unreadable))
    return rotation


@transaction.atomic
def _rotate_rows(store: Store, after: Any, rotation: Rotation) -> Any:
    """The next rows behind the one with key `after`, locked against edits; the last one's key, None at the end."""
    rows = store.read().select_for_update()
    found = list((rows.filter(pk__gt=after) if after is not None else rows)[:ROWS_AT_ONCE])
    for pk, stored in found:
        try:
            fresh = store.change(stored, _renew)
        except SecretUnreadable:
            rotation.unreadable.append(f"{store} {pk}")
            continue
        if fresh != stored:
            store.write(pk, fresh)
            rotation.rewritten += 1
        elif stored:
            rotation.current += 1
    return found[-1][0] if found else None


def _renew(token: str) -> str:
    return token if is_current(token) else reencrypt(token)
