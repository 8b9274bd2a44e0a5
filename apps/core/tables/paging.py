"""A page of rows that takes no longer for there being a hundred thousand others."""

from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import Greatest

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
    number = _last_page(counted, size)
    return _complete(rows, _fetch(rows, number, size), number, size, counted)


def fetch_narrowed_page(rows: QuerySet[Any], number: int, size: int) -> RowPage:
    """As `fetch_page`, of rows that somebody searched or filtered: how many fit says how they are best found."""
    counted = _count(rows)
    is_exact = counted <= COUNTED
    number = min(number, _last_page(counted, size) if is_exact else REACHED // size)
    if is_exact or (number - 1) * size >= DEEP:
        rows = order_by_sorting(rows)
    found = _fetch(rows, number, size) if counted else []
    if counted and not found:
        number = _last_page(counted, size)
        found = _fetch(rows, number, size)
    return _complete(rows, found, number, size, counted)


def order_by_sorting(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The same rows in the same order, but one that no index has.

    With an index of the order PostgreSQL would walk along it and look at each row whether it fits, although those that
    do may all stand at its end. Without one it finds those that fit, and sorts them.
    """
    first, *others = rows.query.order_by
    order: Any = copy(first)
    if isinstance(first, str):
        order = OrderBy(F(first.lstrip("-")), descending=first.startswith("-"))
    order.expression = Greatest(order.expression, order.expression)
    return rows.order_by(order, *others)


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


def _last_page(counted: int, size: int) -> int:
    """Of those that were counted."""
    return max(1, -(-min(counted, COUNTED) // size))


def _complete(rows: QuerySet[Any], found: list[Any], number: int, size: int, counted: int | None = None) -> RowPage:
    if len(found) <= size:
        return RowPage(found, number, size, (number - 1) * size + len(found), True, False)
    counted = _count(rows) if counted is None else counted
    can_go_on = number < REACHED // size
    return RowPage(found[:size], number, size, min(counted, COUNTED), counted <= COUNTED, can_go_on)


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[: COUNTED + 1].count()
