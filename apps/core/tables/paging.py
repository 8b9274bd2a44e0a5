"""A page of rows that takes no longer for there being a hundred thousand others."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

COUNTED = 10_000
"""Rows are counted up to here: beyond it nobody wants to know exactly, and counting takes time."""
DEEP = 1_000
"""From this row on only keys are read of what is passed over, which an index often has: another question to ask."""
REACHED = 100_000
"""The last row that turning pages leads to; further on one filters."""


@dataclass(frozen=True, slots=True)
class RowPage:
    """The page `number`, from 1. `total` is exact, or else there are more than that."""

    rows: list[Any]
    number: int
    size: int
    total: int
    is_exact: bool
    has_next: bool

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def last(self) -> int | None:
        """The number of the last page, where that is known."""
        return max(1, -(-self.total // self.size)) if self.is_exact else None


def fetch_page(rows: QuerySet[Any], number: int, size: int) -> RowPage:
    """The page of that number, or the last one there is before it. In a fixed order, which `rows` has."""
    number = min(number, REACHED // size)
    found = _fetch(rows, number, size)
    if number == 1 or found:
        return _complete(rows, found, number, size)
    counted = _count(rows)
    number = max(1, -(-min(counted, COUNTED) // size))
    return _complete(rows, _fetch(rows, number, size), number, size)


def _fetch(rows: QuerySet[Any], number: int, size: int) -> list[Any]:
    """One more than a page has, which says whether there is a next one."""
    start = (number - 1) * size
    return fetch_slice(rows, start, start + size + 1)


def fetch_slice(rows: QuerySet[Any], start: int, stop: int) -> list[Any]:
    """The rows from `start` up to `stop`, in their order."""
    if start < DEEP:
        return list(rows[start:stop])
    keys = list(rows.values_list("pk", flat=True)[start:stop])
    found = rows.in_bulk(keys)
    return [found[key] for key in keys if key in found]


def _complete(rows: QuerySet[Any], found: list[Any], number: int, size: int) -> RowPage:
    if len(found) <= size:
        return RowPage(found, number, size, (number - 1) * size + len(found), True, False)
    counted = _count(rows)
    can_go_on = number < REACHED // size
    return RowPage(found[:size], number, size, min(counted, COUNTED), counted <= COUNTED, can_go_on)


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[: COUNTED + 1].count()
