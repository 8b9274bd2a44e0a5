"""Functions by what cases call them: "external_id", or "library/external_id" where ids of libraries may meet."""

from collections.abc import Collection, Iterable
from functools import cache

import orjson
from django.db import connection
from django.db.models import Q

from apps.functions.models import Function, FunctionQuerySet, Library


def refer_to(function: Function) -> str:
    """What a case calls this function; its library must be loaded."""
    return f"{function.library.name}/{function.external_id}"


def names_of(function: Function) -> tuple[str, str]:
    """Both names that a case may have for it."""
    return function.external_id, refer_to(function)


def find_referred(references: Collection[str]) -> dict[str, list[Function]]:
    """The functions that each reference means, without their texts; references that mean nothing are left out."""
    rows = _select_referred(references).with_library()
    return _by_reference(
        references,
        rows.only("external_id", "name", "qualified_name", "language", "signature", "state", "library__name"),
    )


def find_languages(references: Collection[str]) -> dict[str, str]:
    """The language of a function that each reference means; references that mean nothing are left out."""
    if not references:
        return {}
    wanted = set(references)
    ids = wanted.union(rest for reference in wanted for _, rest in _splits(reference))
    found: dict[str, str] = {}
    with connection.cursor() as cursor:
        cursor.execute(_languages_query(), [orjson.dumps(list(ids)).decode()])
        rows = cursor.fetchall()
    for library, external_id, language in rows:
        for name in (external_id, f"{library}/{external_id}"):
            if name in wanted:
                found.setdefault(name, language)
    return found


@cache
def _languages_query() -> str:
    """SQL for ids given as JSON, since a sweep asks for a thousand at a time. Sorted as `find_referred` is."""
    functions, libraries = Function._meta.db_table, Library._meta.db_table
    return (
        f"SELECT l.name, f.external_id, f.language FROM jsonb_array_elements_text(%s) AS wanted(id) "  # noqa: S608
        f"JOIN {functions} f ON f.external_id = wanted.id JOIN {libraries} l ON l.id = f.library_id "
        "ORDER BY f.name, f.id"
    )


def _select_referred(references: Collection[str]) -> FunctionQuerySet:
    """The functions that any of the references means, and some more."""
    splits = [parts for reference in references for parts in _splits(reference)]
    libraries, rests = {library for library, _ in splits}, {rest for _, rest in splits}
    with_library = Q(library__name__in=libraries, external_id__in=rests)
    return Function.objects.filter(Q(external_id__in=references) | with_library)


def _splits(reference: str) -> Iterable[tuple[str, str]]:
    """Library and id: both may have slashes in them."""
    places = [place for place, char in enumerate(reference) if char == "/"]
    return ((reference[:place], reference[place + 1 :]) for place in places)


def _by_reference(references: Collection[str], rows: Iterable[Function]) -> dict[str, list[Function]]:
    wanted = set(references)
    found: dict[str, list[Function]] = {}
    for function in rows:
        for name in names_of(function):
            if name in wanted:
                found.setdefault(name, []).append(function)
    return found
