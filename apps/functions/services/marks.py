"""Whether anything has changed that search answers from. Asked all the time: so nothing but marks is read, at once."""

from dataclasses import dataclass
from functools import cache

from apps.core.prepared import Row, Statement
from apps.functions.models import Function, Library, SynonymGroup


@dataclass(frozen=True, slots=True)
class Marks:
    """Each is equal for as long as nothing changes."""

    synonyms: str
    """Of the words of the enabled groups, since no number or time is given in the order of commits."""
    libraries: str
    """Of their names and last changes. A function's deletion changes its library too: a trigger sees to that."""


def read_edits(watermark: int) -> Row:
    """How many functions have changed since the watermark, and the newest and the sum of their transactions."""
    [edits] = edits_statement().fetch(str(watermark))
    return edits


def read_marks() -> Marks:
    [marks] = marks_statement().fetch()
    return Marks(*((mark or b"").decode() for mark in marks))


@cache
def edits_statement() -> Statement:
    functions = Function._meta.db_table
    return Statement(
        f"SELECT count(*), max(change_xid), sum(change_xid) FROM {functions} WHERE change_xid >= $1::bigint"  # noqa: S608
    )


@cache
def marks_statement() -> Statement:
    groups, libraries = SynonymGroup._meta.db_table, Library._meta.db_table
    return Statement(
        f"SELECT (SELECT md5(string_agg(words::text, ';' ORDER BY id)) FROM {groups} WHERE enabled), "  # noqa: S608
        f"(SELECT md5(string_agg(ROW(id, name, updated_at)::text, ';' ORDER BY id)) FROM {libraries})"
    )
