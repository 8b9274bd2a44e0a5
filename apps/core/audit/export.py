"""The log as a file: a line at a time, however long it is."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal

from django.db.models import QuerySet

from apps.core.audit.models import AuditEntry
from apps.core.audit.presenting import as_record

Form = Literal["jsonl", "csv"]

CHUNK = 1000
CONTENT_TYPES: Mapping[Form, str] = MappingProxyType(
    {"jsonl": "application/jsonl; charset=utf-8", "csv": "text/csv; charset=utf-8"}
)
COLUMNS = (
    "id", "time", "action", "actor_id", "actor", "address", "request_id", "object_type", "object_id", "object",
    "changes", "facts",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run, were it to begin a cell."""


def export_entries(entries: QuerySet[AuditEntry], form: Form) -> Iterator[bytes]:
    """The entries as UTF-8, oldest first."""
    # Lists leave long columns out, which would each be read row by row here.
    rows = entries.defer(None).order_by("pk").select_related("content_type").iterator(chunk_size=CHUNK)
    return WRITERS[form](as_record(entry) for entry in rows)


def write_jsonl(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for record in records:
        yield json.dumps(record, ensure_ascii=False).encode() + b"\n"


def write_csv(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """A header and a row each; changes and facts are JSON within their cells."""
    line = io.StringIO()
    writer = csv.DictWriter(line, COLUMNS)
    writer.writeheader()
    for record in records:
        writer.writerow({name: make_cell(value) for name, value in record.items()})
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()
    yield line.getvalue().encode()


def make_cell(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


WRITERS: Mapping[Form, Callable[[Iterable[dict[str, Any]]], Iterator[bytes]]] = MappingProxyType(
    {"jsonl": write_jsonl, "csv": write_csv}
)
