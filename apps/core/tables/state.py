"""What the address of a list says."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict

from apps.core.tables.columns import Column
from apps.core.tables.filters import BadValueError
from apps.core.tables.reading import read_key, read_text

SHOWN = 40
"""Characters of a wrong value that are said again."""


@dataclass(frozen=True, slots=True)
class State:
    """What is shown. `chosen` has the filters' parameters, `sort` a column's name, with a minus for the other way.

    `columns` are None while they are those that the table shows at first. `problems` are sentences about what of the
    address made no sense; the rest of it holds.
    """

    query: str = ""
    sort: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None
    page: int = 1
    peek: int | None = None
    problems: tuple[str, ...] = ()

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def sorted_by(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def is_filtered(self) -> bool:
        return bool(self.query or self.chosen)

    def change(self, **values: Any) -> Self:
        return replace(self, **values)

    def parameters(self, default_sort: str) -> dict[str, str]:
        """What stands in the address; nothing that goes without saying."""
        found = {"q": self.query, **self.chosen}
        if self.sort != default_sort:
            found["sort"] = self.sort
        if self.columns is not None:
            found["columns"] = ",".join(self.columns)
        if self.page > 1:
            found["page"] = str(self.page)
        if self.peek is not None:
            found["peek"] = str(self.peek)
        return {name: value for name, value in found.items() if value}

    def address(self, default_sort: str) -> str:
        """`?state=open&page=2`, or nothing."""
        found = self.parameters(default_sort)
        return f"?{urlencode(found, safe=',')}" if found else ""


def read_state(table: Any, data: QueryDict) -> State:
    """Whatever the address holds: what makes no sense is left out, and named."""
    problems: list[str] = []
    chosen = _read_filters(table, data, problems)
    return State(
        query=read_text(data, "q") if table.search_label else "",
        sort=_read_sort(table, data, problems),
        chosen=chosen,
        columns=_read_columns(table, data, problems),
        page=read_key(data, "page") or 1,
        peek=read_key(data, "peek"),
        problems=tuple(problems),
    )


def _read_filters(table: Any, data: QueryDict, problems: list[str]) -> dict[str, str]:
    chosen = {}
    for one in table.filters:
        for parameter in one.parameters:
            text = read_text(data, parameter)
            try:
                if text:
                    one.check(text, table)
                    chosen[parameter] = text
            except BadValueError as error:
                problems.append(f"{one.label}: “{_cut(text)}” {error}. It is left out.")
    return chosen


def _read_sort(table: Any, data: QueryDict, problems: list[str]) -> str:
    text = read_text(data, "sort")
    if not text:
        return str(table.default_sort)
    if text.removeprefix("-") in {column.name for column in table.columns if column.sort}:
        return text
    problems.append(f"“{_cut(text)}” is nothing to sort by.")
    return str(table.default_sort)


def _read_columns(table: Any, data: QueryDict, problems: list[str]) -> tuple[str, ...] | None:
    """In the table's own order, the first of which is always there. Forms send one parameter a column, links one."""
    wanted = {name for text in data.getlist("columns") for name in text.split(",") if name}
    if not wanted:
        return None
    columns: tuple[Column, ...] = table.columns
    for name in sorted(wanted - {column.name for column in columns})[:3]:
        problems.append(f"There is no column “{_cut(name)}”.")
    found = tuple(column.name for column in columns if column.name in wanted or column is columns[0])
    return None if found == table.shown_at_first or not wanted & set(found) else found


def _cut(text: str) -> str:
    text = text.replace("\0", "\ufffd")
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
