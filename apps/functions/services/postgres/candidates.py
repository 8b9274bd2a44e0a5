"""The queries that fetch candidates from PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from apps.functions.index.candidates import Candidates
from apps.functions.index.packing import is_packed, pack_terms
from apps.functions.models import DIMENSIONS, Function
from apps.functions.search.fusion import TYPICAL_CROWDING
from apps.functions.search.names import keys_of_name
from apps.functions.services.embedding import to_document

BY_MEANING = 100
BY_WORDS = 150
BY_LEVEL = 30
SCANNED = 800
"""Neighbours that pgvector keeps in view while it walks its graph (hnsw.ef_search): more finds better, and slower."""

# A vector's bytes: two numbers of two bytes, how many dimensions it has and nothing, then big-endian halves.
_HALVES = np.dtype([("head", ">u2", (2,)), ("values", ">f2", (DIMENSIONS,))])
_NO_VECTOR = np.zeros((), dtype=_HALVES).tobytes()

COLUMNS = """e.function_id, e.language, e.library_id, e.popularity,
    CASE WHEN e.model_digest = %(model)s THEN halfvec_send(e.vector) END"""
FETCH = """
SELECT chosen.*, x.terms, x.crowding FROM chosen LEFT JOIN functions_searchfeatures x USING (function_id)
"""
NEAREST = """
(SELECT {columns} FROM functions_searchentry e WHERE vector IS NOT NULL AND model_digest = %(model)s{filters}
 ORDER BY vector <#> %(vector)s::halfvec({dimensions}) LIMIT %(nearest)s)
"""
LEVEL = """
(SELECT {columns} FROM functions_searchentry e
 WHERE words @@ %(level{place})s::tsquery{filters}{condition} LIMIT {limit})
"""
FIRST = "(SELECT * FROM ({levels}) AS by_words LIMIT {limit})"
# Where a wider level gave fewer than it might, it gave all that a narrower one would.
WIDER_IS_FULL = " AND (SELECT count(*) FROM level{wider}) = {limit}"
NAMED = """
(SELECT {columns} FROM functions_searchentry e WHERE name_keys && %(keys)s::text[]{filters}
 ORDER BY popularity DESC, function_id LIMIT %(limit)s)
"""
SETTINGS = (
    f"SET LOCAL hnsw.ef_search = {SCANNED}",
    # Goes on until enough of what it finds is let through by the filters.
    "SET LOCAL hnsw.iterative_scan = relaxed_order",
    # Workers would look up the next level's words while those of the one before it are enough.
    "SET LOCAL max_parallel_workers_per_gather = 0",
    # Of a common word it would hope to meet a few functions soon, and may have to read very many before.
    "SET LOCAL enable_seqscan = off",
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look: in all functions, or in those of a language, of a library (by its key), of both."""

    language: str | None = None
    library: int | None = None

    @property
    def sql(self) -> str:
        sql = "" if self.language is None else " AND language = %(language)s"
        return sql if self.library is None else f"{sql} AND library_id = %(library)s"

    @property
    def values(self) -> dict[str, Any]:
        return {"language": self.language, "library": self.library}


def find_candidates(
    levels: Sequence[str], vector: NDArray[np.float32] | None, scope: Scope, *, model: str, crowding: float
) -> Candidates:
    """The best by meaning, and the first by words (see words.py).

    Beside a vector each level has to narrow the next one, as those of `plan_few_words` do; without one they have
    nothing in common. `crowding` is for those whose own is not known yet.
    """
    values: dict[str, Any] = {"model": model, **scope.values}
    values |= {f"level{place}": level for place, level in enumerate(levels)}
    if vector is not None:
        values |= {"vector": write_vector(vector), "nearest": BY_MEANING}
        tables = _choose_by_both(len(levels), scope)
    elif levels:
        tables = [f"chosen AS MATERIALIZED {_choose_by_words(len(levels), scope)}"]
    else:
        return make_candidates([], crowding)
    return make_candidates(_search(f"WITH {', '.join(tables)} {FETCH}", values), crowding)


def _choose_by_both(levels: int, scope: Scope) -> list[str]:
    """Tables of a query, `chosen` the last: the nearest, and of each level, the widest first, a few."""
    nearest = NEAREST.format(columns=COLUMNS, filters=scope.sql, dimensions=DIMENSIONS)
    tables = {"nearest": nearest}
    condition = ""
    for place in reversed(range(levels)):
        tables[f"level{place}"] = LEVEL.format(
            columns=COLUMNS, place=place, filters=scope.sql, condition=condition, limit=BY_LEVEL
        )
        condition = WIDER_IS_FULL.format(wider=place, limit=BY_LEVEL)
    tables["chosen"] = f"({' UNION ALL '.join(f'TABLE {name}' for name in tables)})"
    return [f"{name} AS MATERIALIZED {sql}" for name, sql in tables.items()]


def _choose_by_words(levels: int, scope: Scope) -> str:
    """The first that fill the list."""
    found = [
        LEVEL.format(columns=COLUMNS, place=place, filters=scope.sql, condition="", limit=BY_WORDS)
        for place in range(levels)
    ]
    return FIRST.format(levels=" UNION ALL ".join(found), limit=BY_WORDS)


def find_named(keys: Sequence[str], scope: Scope, *, limit: int) -> Candidates:
    """The most popular functions that have one of these keys of a name."""
    sql = f"WITH chosen AS MATERIALIZED {NAMED.format(columns=COLUMNS, filters=scope.sql)} {FETCH}"
    rows = _fetch(sql, {"keys": list(keys), "limit": limit, "model": "", **scope.values})
    functions = Function.objects.with_library().in_bulk([row[0] for row in rows])
    names = {pk: (to_document(function).name, function.library.name) for pk, function in functions.items()}
    return make_candidates(rows, TYPICAL_CROWDING, names)


def find_nearest(function: int, *, model: str, limit: int) -> list[tuple[int, float]]:
    """The functions nearest to one by their vectors, with their cosines; empty where it has none."""
    sql = """
        SELECT other.function_id, -(other.vector <#> own.vector) FROM functions_searchentry own,
        LATERAL (SELECT function_id, vector FROM functions_searchentry
                 WHERE vector IS NOT NULL AND model_digest = %(model)s
                 ORDER BY vector <#> own.vector LIMIT %(limit)s) other
        WHERE own.function_id = %(function)s AND own.model_digest = %(model)s AND other.function_id <> own.function_id
        """
    rows = _search(sql, {"function": function, "model": model, "limit": limit + 1})
    return sorted(((key, float(cosine)) for key, cosine in rows), key=lambda row: (-row[1], row[0]))[:limit]


def count_term(term_queries: Sequence[str], most: int) -> list[int]:
    """How many functions have each of these terms (as `quote_term` writes them), counted up to `most`."""
    if not term_queries:
        return []
    one = "(SELECT count(*) FROM (SELECT FROM functions_searchentry WHERE words @@ %s::tsquery LIMIT %s) AS counted)"
    values = [value for query in term_queries for value in (query, most)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join([one] * len(term_queries))}", values)
        return list(cursor.fetchone())


def list_languages() -> tuple[str, ...]:
    """The languages of what can be found, in order of their names, without looking at every function."""
    sql = """
        WITH RECURSIVE found(language) AS (
            (SELECT language FROM functions_searchentry ORDER BY language LIMIT 1)
            UNION ALL
            SELECT (SELECT language FROM functions_searchentry WHERE language > found.language
                    ORDER BY language LIMIT 1) FROM found WHERE found.language IS NOT NULL
        ) SELECT language FROM found WHERE language IS NOT NULL"""
    return tuple(sorted(row[0] for row in _fetch(sql, {})))


def make_candidates(
    rows: Sequence[tuple[Any, ...]], crowding: float, names: Mapping[int, tuple[str, str]] | None = None
) -> Candidates:
    """Out of rows of FETCH, each function once. Those whose terms are not packed yet are counted here and now.

    `names` has each function's name and library, where they matter.
    """
    by_key = {row[0]: row for row in rows}
    missing = [key for key, row in by_key.items() if not is_packed(row[5])]
    functions = Function.objects.filter(pk__in=missing).with_library() if missing else ()
    packed_now = {function.pk: pack_terms(to_document(function)) for function in functions}
    found = [row for key, row in by_key.items() if is_packed(row[5]) or key in packed_now]
    if names is not None:
        found = [row for row in found if row[0] in names]
    halves = np.frombuffer(b"".join(bytes(row[4] or _NO_VECTOR) for row in found), dtype=_HALVES)
    return Candidates(
        ids=[row[0] for row in found],
        languages=[row[1] for row in found],
        libraries=[""] * len(found) if names is None else [names[row[0]][1] for row in found],
        popularity=[row[3] for row in found],
        packed=[packed_now.get(row[0]) or bytes(row[5]) for row in found],
        vectors=halves["values"].astype(np.float32),
        crowding=np.array([crowding if row[6] is None else row[6] for row in found], dtype=np.float32),
        keys=[] if names is None else [keys_of_name(*names[row[0]]) for row in found],
    )


def write_vector(vector: NDArray[np.float32]) -> str:
    """A vector as PostgreSQL reads it."""
    return f"[{','.join(f'{value:.6g}' for value in vector.tolist())}]"


def _search(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a query that runs with SETTINGS: sent as one text, which is one transaction and one trip."""
    with connection.cursor() as cursor:
        cursor.execute("; ".join((*SETTINGS, sql)), values)
        for _ in SETTINGS:
            cursor.nextset()
        return list(cursor.fetchall())


def _fetch(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
