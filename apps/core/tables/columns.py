"""What a list shows of a row."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

from django.db.models import F
from django.db.models.expressions import OrderBy

Width = Literal["s", "m", "l", "xl", "xxl", "rest"]
WIDTHS = {"s": 6, "m": 8, "l": 10.5, "xl": 13.5, "xxl": 17, "rest": 13}
"""In rem, as static/css/components/tables.css has them; "rest" is the least of what takes all that is left."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `value` gives what exports write; pages show it too, unless `drawn`: then the table's cells do.

    `sort` is the field or annotation that rows are ordered by. `nullable` ones come last in both directions.
    What is `only_wide` is left out where rows are cards, unless somebody chose it. What is `unlabelled` tells by itself
    what it is, as a state or a sentence does: cards show it without its label.
    """

    name: str
    label: str
    value: Callable[[Any], Any]
    sort: str = ""
    number: bool = False
    hidden: bool = False
    drawn: bool = False
    nullable: bool = False
    only_wide: bool = False
    unlabelled: bool = False
    width: Width = "m"

    def order(self, *, descending: bool) -> OrderBy:
        field = F(self.sort)
        last = True if self.nullable else None
        return field.desc(nulls_last=last) if descending else field.asc(nulls_last=last)


def attribute(path: str) -> Callable[[Any], Any]:
    """`attribute("suite.name")` reads it from a row; None where something on the way is None or is not there."""
    names = path.split(".")
    return lambda row: reduce(lambda value, name: getattr(value, name, None), names, row)
