"""What can be done with rows that were selected."""

from dataclasses import dataclass

from django.http import QueryDict

MOST = 200
"""Rows that one action takes: more than a page holds."""


@dataclass(frozen=True, slots=True)
class Action:
    """A button over the list. It posts `action` and the keys of the `rows` to the table's `actions_address`."""

    name: str
    label: str
    permission: str
    style: str = ""


def read_rows(data: QueryDict) -> list[int]:
    """The keys of the rows that were selected; what is none is left out."""
    texts = data.getlist("rows")[:MOST]
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
