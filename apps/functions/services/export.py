"""The catalogue as files that `import_functions` reads back."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal

from apps.functions.models import Function, FunctionQuerySet

Form = Literal["jsonl", "csv"]

CHUNK = 500
CONTENT_TYPES: Mapping[Form, str] = MappingProxyType(
    {"jsonl": "application/jsonl; charset=utf-8", "csv": "text/csv; charset=utf-8"}
)
FIELDS = (
    "id", "name", "qualified_name", "language", "library", "description", "code", "signature", "keywords", "action",
    "data_type", "order_type", "usage", "complexity", "popularity", "path", "line",
)  # fmt: skip
"""A record's fields, and the columns of a CSV file. The state is none of them: what is imported is published."""


def export_functions(queryset: FunctionQuerySet, form: Form) -> Iterator[bytes]:
    """The functions as UTF-8, a part at a time: no more than CHUNK of them are in memory."""
    functions = queryset.with_library().iterator(chunk_size=CHUNK)
    return WRITERS[form](to_record(function) for function in functions)


def to_record(function: Function) -> dict[str, Any]:
    """The record of which an import makes this function again."""
    own = {"id": function.external_id, "library": function.library.name}
    return {field: own.get(field, getattr(function, field, None)) for field in FIELDS}


def write_jsonl(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """A line each, without the fields that are empty."""
    for record in records:
        present = {field: value for field, value in record.items() if value not in ("", None, [])}
        yield json.dumps(present, ensure_ascii=False).encode() + b"\n"


def write_csv(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """A header and a row each; keywords are joined by commas."""
    line = io.StringIO()
    writer = csv.DictWriter(line, FIELDS)
    writer.writeheader()
    yield _take(line)
    for record in records:
        writer.writerow({**record, "keywords": ", ".join(record["keywords"])})
        yield _take(line)


def _take(line: io.StringIO) -> bytes:
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text.encode()


WRITERS: Mapping[Form, Callable[[Iterable[dict[str, Any]]], Iterator[bytes]]] = MappingProxyType(
    {"jsonl": write_jsonl, "csv": write_csv}
)
