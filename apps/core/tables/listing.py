"""A table as one request shows it: what templates read."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from apps.core.tables.actions import Action
from apps.core.tables.columns import WIDTHS, Column
from apps.core.tables.filters import Choices, Filter
from apps.core.tables.models import SavedView
from apps.core.tables.paging import RowPage, fetch_narrowed_page, fetch_page
from apps.core.tables.state import read_state
from apps.core.tables.table import Table

ROOMS = (40, 50, 60, 71, 80, 90, 100, 120, 140)
"""In rem: how wide a list has to be for not scrolling by itself, as its style sheet knows them.

A window of 1440 px has room for 71.
"""
SHARE_VIEWS = "core.share_savedview"


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's head. `href` sorts by it, the other way round when it is sorted by already; "" where nothing can."""

    column: Column
    href: str
    aria_sort: str


@dataclass(frozen=True, slots=True)
class Control:
    """A filter's part of the form; `values` are what was chosen, in the order of its parameters."""

    filter: Filter
    values: list[tuple[str, str]]
    options: Choices

    @property
    def value(self) -> str:
        return self.values[0][1]


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that narrows the list, in words; `href` is the list without it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its key; `peek_href` opens it beside the list, `href` is its own page."""

    of: Any
    key: int
    href: str
    peek_href: str


class Listing:
    """What is shown of `table`, at the address of `request`."""

    def __init__(self, table: Table, request: HttpRequest, *, path: str = "", peek: int | None = None) -> None:
        self.table, self.request, self.path = table, request, path or request.path
        state = read_state(table, request.GET)
        self.state = state if peek is None else state.change(peek=peek)

    def address(self, **changes: Any) -> str:
        """The list's address with something of its state changed."""
        return self.path + self.state.change(**changes).address(self.table.default_sort)

    @property
    def here(self) -> str:
        return self.address()

    @property
    def query(self) -> str:
        """What a saved view keeps: all but the page and the panel."""
        return self.address(page=1, peek=None).removeprefix(self.path).removeprefix("?")

    @property
    def without_peek(self) -> str:
        return self.address(peek=None)

    @property
    def everything(self) -> str:
        """The list as it is without filters, also for who has a view that is opened first."""
        return f"{self.path}?sort={self.table.default_sort}"

    @property
    def export_href(self) -> str:
        found = self.address(page=1, peek=None)
        return f"{found}{'&' if '?' in found else '?'}export=csv"

    @cached_property
    def columns(self) -> list[Column]:
        return self.table.shown(self.state)

    @property
    def optional_columns(self) -> list[tuple[Column, bool]]:
        names = {column.name for column in self.columns}
        return [(column, column.name in names) for column in self.table.columns[1:]]

    @property
    def headings(self) -> Iterator[Heading]:
        for column in self.columns:
            is_sorted = column.name == self.state.sorted_by
            other_way = is_sorted and not self.state.descending
            href = self.address(sort=f"{'-' if other_way else ''}{column.name}", page=1) if column.sort else ""
            said = ("descending" if self.state.descending else "ascending") if is_sorted else ""
            yield Heading(column, href, said)

    @property
    def room(self) -> int:
        """How many rem the columns need."""
        needed = sum(WIDTHS[column.width] for column in self.columns) + (3 if self.actions else 0)
        return next((room for room in ROOMS if room >= needed), ROOMS[-1])

    @cached_property
    def page(self) -> RowPage:
        fetch = fetch_narrowed_page if self.state.is_filtered else fetch_page
        page = fetch(self.table.select(self.state), self.state.page, self.table.page_size)
        page.rows[:] = self.table.prepare(page.rows)
        return page

    @property
    def rows(self) -> Iterator[Row]:
        for row in self.page.rows:
            key = self.table.key(row)
            yield Row(row, key, self.table.href(row), self.address(peek=key) if self.table.panel else "")

    @property
    def controls(self) -> Iterator[Control]:
        for one in self.table.filters:
            values = [(name, self.state.chosen.get(name, "")) for name in one.parameters]
            options = one.options(self.table) if hasattr(one, "options") else ()
            yield Control(one, values, options)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the form has no control for and must not lose."""
        texts = [one.name for one in self.table.filters if one.kind == "text"]
        found = [(name, self.state.chosen[name]) for name in texts if name in self.state.chosen]
        return found if self.state.sort == self.table.default_sort else [*found, ("sort", self.state.sort)]

    @property
    def chips(self) -> Iterator[Chip]:
        if self.state.query:
            yield Chip(f"“{self.state.query}”", self.address(query="", page=1, peek=None))
        for one in self.table.filters:
            for name in one.parameters:
                if text := self.state.chosen.get(name):
                    rest = {key: value for key, value in self.state.chosen.items() if key != name}
                    yield Chip(one.say(name, text, self.table), self.address(chosen=rest, page=1, peek=None))

    @cached_property
    def actions(self) -> list[Action]:
        return [one for one in self.table.actions if self.request.user.has_perm(one.permission)]

    @property
    def previous_href(self) -> str:
        return self.address(page=self.page.number - 1, peek=None)

    @property
    def next_href(self) -> str:
        return self.address(page=self.page.number + 1, peek=None)

    @cached_property
    def views(self) -> list[SavedView]:
        """Those of who looks first, then those that others share."""
        return list(SavedView.objects.for_page(self.table.page, int(self.request.user.pk or 0)))

    @property
    def own_views(self) -> list[SavedView]:
        return [view for view in self.views if view.owner_id == self.request.user.pk]

    @property
    def shared_views(self) -> list[SavedView]:
        return [view for view in self.views if view.owner_id != self.request.user.pk]

    @property
    def view_name(self) -> str:
        """The name of the view that shows just this."""
        return next((view.name for view in self.views if view.query == self.query), "")

    @property
    def may_share(self) -> bool:
        return self.request.user.has_perm(SHARE_VIEWS)

    @cached_property
    def peeked(self) -> dict[str, Any] | None:
        """What the panel shows; None when there is no such row, or none was asked for."""
        if self.state.peek is None or not self.table.panel:
            return None
        found = self.table.look_at(self.state.peek)
        return None if found is None else dict(found)
