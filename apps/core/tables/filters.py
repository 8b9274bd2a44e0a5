"""What narrows a list. Each reads its own parameters of the address, and says what of them makes no sense."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils import timezone

Rows = QuerySet[Any]
Choices = Sequence[tuple[str, str]]
YEARS = range(1970, 3000)


class BadValueError(ValueError):
    """A value in the address that is none of the filter's; the text follows on the filter's label."""


@dataclass(frozen=True, slots=True)
class Filter(ABC):
    """`name` is its parameter in the address, `label` what people call it."""

    name: str
    label: str
    kind: ClassVar[str]

    @property
    def parameters(self) -> tuple[str, ...]:
        return (self.name,)

    @abstractmethod
    def check(self, text: str, table: Any) -> None:
        """Raises BadValueError for a text that its parameters cannot have."""

    @abstractmethod
    def apply(self, rows: Rows, chosen: Mapping[str, str]) -> Rows:
        """The rows that fit; `chosen` has the texts of its parameters, at least one of them."""

    def say(self, parameter: str, text: str, table: Any) -> str:
        """What one of its parameters asks for, in words."""
        return f"{self.label}: {text}"


@dataclass(frozen=True, slots=True)
class ChoiceFilter(Filter):
    """One of a few. `choices` may be made by the table; `lookup` is a field, or narrows the rows itself."""

    choices: Choices | Callable[[Any], Choices] = ()
    lookup: str | Callable[[Rows, str], Rows] = ""
    kind: ClassVar[str] = "choice"

    def options(self, table: Any) -> Choices:
        return table.choices_of(self) if callable(self.choices) else self.choices

    def check(self, text: str, table: Any) -> None:
        if text not in dict(self.options(table)):
            raise BadValueError("is none of those that can be chosen")

    def apply(self, rows: Rows, chosen: Mapping[str, str]) -> Rows:
        text = chosen[self.name]
        return self.lookup(rows, text) if callable(self.lookup) else rows.filter(**{self.lookup or self.name: text})

    def say(self, parameter: str, text: str, table: Any) -> str:
        return f"{self.label}: {dict(self.options(table))[text]}"


@dataclass(frozen=True, slots=True)
class YesNoFilter(Filter):
    """Rows that `holds` is true of, or those that it is not."""

    holds: Q = field(default_factory=Q)
    yes: str = "Yes"
    no: str = "No"
    kind: ClassVar[str] = "choice"

    def options(self, table: Any) -> Choices:
        return (("yes", self.yes), ("no", self.no))

    def check(self, text: str, table: Any) -> None:
        if text not in ("yes", "no"):
            raise BadValueError("is neither yes nor no")

    def apply(self, rows: Rows, chosen: Mapping[str, str]) -> Rows:
        return rows.filter(self.holds) if chosen[self.name] == "yes" else rows.exclude(self.holds)

    def say(self, parameter: str, text: str, table: Any) -> str:
        return f"{self.label}: {self.yes if text == 'yes' else self.no}"


@dataclass(frozen=True, slots=True)
class TextFilter(Filter):
    """Rows that have a text: exactly, or as the lookup says. Lists lead to one through links; it has no box."""

    lookup: str | Callable[[Rows, str], Rows] = ""
    kind: ClassVar[str] = "text"

    def check(self, text: str, table: Any) -> None:
        return

    def apply(self, rows: Rows, chosen: Mapping[str, str]) -> Rows:
        text = chosen[self.name]
        return self.lookup(rows, text) if callable(self.lookup) else rows.filter(**{self.lookup or self.name: text})


@dataclass(frozen=True, slots=True)
class DateFilter(Filter):
    """Rows from a day on, and up to the end of one: `name_from` and `name_to`, days of the server's time zone."""

    lookup: str = ""
    kind: ClassVar[str] = "dates"

    @property
    def parameters(self) -> tuple[str, ...]:
        return (f"{self.name}_from", f"{self.name}_to")

    def check(self, text: str, table: Any) -> None:
        _read_day(text)

    def apply(self, rows: Rows, chosen: Mapping[str, str]) -> Rows:
        first, last = (chosen.get(name) for name in self.parameters)
        field = self.lookup or self.name
        if first:
            rows = rows.filter(**{f"{field}__gte": _begin(_read_day(first))})
        if last:
            rows = rows.filter(**{f"{field}__lt": _begin(_read_day(last) + timedelta(days=1))})
        return rows

    def say(self, parameter: str, text: str, table: Any) -> str:
        return f"{self.label} {'from' if parameter == self.parameters[0] else 'to'} {text}"


def _read_day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadValueError("is no day such as 2026-11-21") from error
    if day.year not in YEARS:
        raise BadValueError("is no day of these times")
    return day


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
