"""The cases of a chunk as they are asked, read without making models of them."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import orjson
from django.db import connection

from apps.core.targets.types import Question
from apps.evaluations.models import ASKED_FIELDS, Case


class AskedCase(NamedTuple):
    """A question with the version of its case."""

    version: int
    question: Question


def read_cases(keys: Sequence[int]) -> list[AskedCase]:
    """The cases with these keys, in this order. KeyError where one is gone."""
    with connection.cursor() as cursor:
        cursor.execute(_cases_query(), [f"{{{','.join(map(str, keys))}}}"])
        found = {
            key: AskedCase(
                version, Question(key, query, orjson.loads(given), orjson.loads(expected), orjson.loads(filters))
            )
            for key, version, query, given, expected, filters in cursor.fetchall()
        }
    return [found[key] for key in keys]


@cache
def _cases_query() -> str:
    """SQL for keys, versions and questions; of a JSON field it gives the text. The keys go as an array's text."""
    return f"SELECT id, version, {', '.join(ASKED_FIELDS)} FROM {Case._meta.db_table} WHERE id = ANY(%s::bigint[])"  # noqa: S608
