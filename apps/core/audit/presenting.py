"""An entry for people, and for machines."""

import difflib
import json
from dataclasses import dataclass
from typing import Any

from apps.core.audit.models import AuditEntry

CONTEXT_LINES = 2


@dataclass(frozen=True)
class Change:
    """A field's change as lines that begin with "-", "+" or, when they are in both, with " "."""

    field: str
    lines: list[str]


def list_changes(entry: AuditEntry) -> list[Change]:
    return [Change(field.replace("_", " "), diff(value)) for field, value in (entry.changes or {}).items()]


def diff(value: Any) -> list[str]:
    """Of many-to-many fields what came or went; of all others the value before and after."""
    if isinstance(value, dict):
        sign = "-" if value.get("operation") == "delete" else "+"
        return [f"{sign}{each}" for each in value.get("objects", [])]
    before, after = ([] if side in (None, "") else show(side).splitlines() for side in value)
    lines = list(difflib.unified_diff(before, after, lineterm="", n=CONTEXT_LINES))[2:]
    return [line for line in lines if not line.startswith("@@")]


def show(value: Any) -> str:
    """A value as text: words as they are, everything else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2 if isinstance(value, dict | list) and value else None)


def name_type(entry: AuditEntry) -> str:
    """What kind of row it is about, such as `users.user`; empty when it is about none."""
    kind = entry.content_type
    return f"{kind.app_label}.{kind.model}" if kind else ""


def as_record(entry: AuditEntry) -> dict[str, Any]:
    """What the API and exports say of an entry."""
    return {
        "id": entry.pk,
        "time": entry.timestamp.isoformat(),
        "action": entry.event,
        "actor_id": entry.actor_id,
        "actor": entry.actor_email or "",
        "address": entry.remote_addr or "",
        "request_id": entry.cid or "",
        "object_type": name_type(entry),
        "object_id": entry.object_pk,
        "object": entry.object_repr,
        "changes": entry.changes or {},
        "facts": entry.additional_data or {},
    }
