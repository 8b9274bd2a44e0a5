"""A list page as it is declared."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet

from apps.core.tables.actions import Action
from apps.core.tables.columns import Column
from apps.core.tables.filters import ChoiceFilter, Choices, Filter
from apps.core.tables.state import State


class Table(ABC):
    """`page` is the name of the route, under which views of it are saved. The first column names the row.

    `cells` is a template that shows `column` of `row` where a column is `drawn`; `panel` one that shows `row` beside
    the list; `nothing` one for a list without rows, which knows whether it `is_filtered`.
    """

    page: ClassVar[str]
    noun: ClassVar[tuple[str, str]]
    columns: ClassVar[tuple[Column, ...]]
    default_sort: ClassVar[str]
    filters: ClassVar[tuple[Filter, ...]] = ()
    search_label: ClassVar[str] = ""
    page_size: ClassVar[int] = 50
    cells: ClassVar[str] = ""
    panel: ClassVar[str] = ""
    nothing: ClassVar[str] = "components/_table_nothing.html"
    actions: ClassVar[tuple[Action, ...]] = ()
    live: str = ""
    """The topic that says that rows of this list changed."""
    actions_address: str = ""

    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """All rows that there are, with what the columns need."""

    def find(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Those that the search box finds."""
        raise NotImplementedError

    def prepare(self, rows: list[Any]) -> list[Any]:
        """The rows of a page, with what is asked for all of them at once."""
        return rows

    def href(self, row: Any) -> str:
        """The row's own page."""
        return str(row.get_absolute_url())

    def key(self, row: Any) -> int:
        return int(row.pk)

    def look_at(self, key: int) -> Mapping[str, Any] | None:
        """What the panel's template gets about the row of this key; None where there is none."""
        row = self.rows().filter(pk=key).first()
        return None if row is None else {"row": self.prepare([row])[0]}

    def order(self, state: State) -> Sequence[Any]:
        """By the column, and equals by their keys, so that pages neither repeat nor lose a row."""
        column = next(one for one in self.columns if one.name == state.sorted_by)
        return (column.order(descending=state.descending), "-pk" if state.descending else "pk")

    def select(self, state: State) -> QuerySet[Any]:
        """All rows that fit, in their order."""
        rows = self.rows()
        if state.query:
            rows = self.find(rows, state.query)
        for one in self.filters:
            chosen = {name: state.chosen[name] for name in one.parameters if name in state.chosen}
            if chosen:
                rows = one.apply(rows, chosen)
        return rows.order_by(*self.order(state))

    @property
    def shown_at_first(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if not column.hidden)

    def shown(self, state: State) -> list[Column]:
        names = self.shown_at_first if state.columns is None else state.columns
        return [column for column in self.columns if column.name in names]

    def choices_of(self, one: ChoiceFilter) -> Choices:
        """What a filter offers, asked for once however often it is needed."""
        if one.name not in self._choices:
            self._choices[one.name] = one.choices(self) if callable(one.choices) else one.choices
        return self._choices[one.name]

    @cached_property
    def _choices(self) -> dict[str, Choices]:
        return {}
