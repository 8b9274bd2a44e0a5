"""A list as a file of comma separated values."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from apps.core.audit import record
from apps.core.tables.columns import Column
from apps.core.tables.listing import Listing

MOST = 100_000
"""Rows of one file."""
AT_ONCE = 500
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """A file whose write gives back what was written."""

    def write(self, text: str) -> str:
        return text


def export_csv(request: HttpRequest, listing: Listing) -> StreamingHttpResponse:
    """The rows that fit, in their order, with the columns that are shown."""
    name = listing.table.page.rpartition(":")[2]
    record("list.exported", request=request, page=listing.table.page, query=listing.query)
    response = StreamingHttpResponse(write_lines(listing), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def write_lines(listing: Listing) -> Iterator[str]:
    writer, columns = csv.writer(_Line()), listing.columns
    yield writer.writerow([column.label for column in columns])
    rows = listing.table.select(listing.state)[:MOST]
    for chunk in _chunks(rows.iterator(chunk_size=AT_ONCE)):
        yield "".join(writer.writerow(_cells(columns, row)) for row in listing.table.prepare(chunk))


def _chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _cells(columns: list[Column], row: Any) -> list[Any]:
    return [_write(column.value(row)) for column in columns]


def _write(value: Any) -> Any:
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    if isinstance(value, str) and value.startswith(FORMULAS):
        # Spreadsheets would take it for a formula, and do what it says.
        return f"'{value}"
    return "" if value is None else value
