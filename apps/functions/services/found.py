"""The rows of functions that a search found, read in one query that is written once and not at every search."""

from collections.abc import Sequence
from functools import cache

from django.db import DEFAULT_DB_ALIAS, connection

from apps.functions.models import Function, Library

LEFT_OUT = ("code", "usage", "keywords", "source_digest")
"""Long, and not shown among results. Whoever asks a function for them all the same makes it read them."""


def read_found(keys: Sequence[int]) -> dict[int, Function]:
    """The functions with these keys, with their libraries, by their keys; those that are gone are left out."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(found_query(), [list(keys)])
        rows = cursor.fetchall()
    names, library_names = shown_names(), [field.attname for field in Library._meta.concrete_fields]
    found = {}
    for row in rows:
        function = Function.from_db(DEFAULT_DB_ALIAS, names, row[: len(names)])
        function.library = Library.from_db(DEFAULT_DB_ALIAS, library_names, row[len(names) :])
        found[function.pk] = function
    return found


@cache
def shown_names() -> list[str]:
    return [field.attname for field in Function._meta.concrete_fields if field.attname not in LEFT_OUT]


@cache
def found_query() -> str:
    """SQL for functions by their keys: columns of `shown_names`, then those of the library's row."""
    functions, libraries = Function._meta.db_table, Library._meta.db_table
    columns = [f'{functions}."{name}"' for name in shown_names()]
    columns += [f'{libraries}."{field.column}"' for field in Library._meta.concrete_fields]
    return (
        f"SELECT {', '.join(columns)} FROM {functions} JOIN {libraries} ON {libraries}.id = {functions}.library_id "  # noqa: S608
        f"WHERE {functions}.id = ANY(%s)"
    )
