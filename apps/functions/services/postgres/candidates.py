"""The queries that fetch candidates from PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from apps.functions.index.candidates import Candidates
from apps.functions.index.packing import is_packed, pack_terms
from apps.functions.models import DIMENSIONS, Function, Library
from apps.functions.search.fusion import TYPICAL_CROWDING
from apps.functions.search.names import keys_of_name
from apps.functions.services.embedding import to_document

BY_MEANING = 100
BY_WORDS = 150
SCANNED = 160
"""Neighbours that pgvector keeps in view while it walks its graph (hnsw.ef_search): more finds better, and slower."""

# A vector's bytes: two numbers of two bytes, how many dimensions it has and nothing, then big-endian halves.
_HALVES = np.dtype([("head", ">u2", (2,)), ("values", ">f2", (DIMENSIONS,))])
_NO_VECTOR = np.zeros((), dtype=_HALVES).tobytes()

FETCH = """
SELECT f.id, e.language, e.library_id, f.popularity, coalesce(nullif(f.qualified_name, ''), f.name),
    CASE WHEN e.model_digest = %(model)s THEN halfvec_send(e.vector) END, x.terms, x.crowding
FROM chosen JOIN functions_searchentry e USING (function_id)
JOIN functions_function f ON f.id = e.function_id AND f.state = 'published'
LEFT JOIN functions_searchfeatures x ON x.function_id = e.function_id
"""
NEAREST = """
SELECT function_id FROM functions_searchentry
WHERE vector IS NOT NULL AND model_digest = %(model)s{filters}
ORDER BY vector <#> %(vector)s::halfvec({dimensions}) LIMIT %(nearest)s
"""
LEVEL = """
(SELECT function_id FROM functions_searchentry WHERE words @@ %(level{place})s::tsquery{filters} LIMIT {limit})
"""
FIRST = "(SELECT function_id FROM ({levels}) AS by_words LIMIT {limit})"
NAMED = """
SELECT function_id FROM (
    SELECT function_id FROM functions_searchentry WHERE name_keys && %(keys)s::text[]{filters}
) AS named JOIN functions_function f ON f.id = function_id
ORDER BY f.popularity DESC, function_id LIMIT %(limit)s
"""
SETTINGS = (
    f"SET LOCAL hnsw.ef_search = {SCANNED}",
    # Goes on until enough of what it finds is let through by the filters.
    "SET LOCAL hnsw.iterative_scan = relaxed_order",
    # Workers would look up the next level's words while those of the one before it are enough.
    "SET LOCAL max_parallel_workers_per_gather = 0",
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
    """The best by meaning, and the first by words (see `words.plan_words`).

    `crowding` is for those whose own is not known yet.
    """
    chosen: list[str] = []
    values: dict[str, Any] = {"model": model, **scope.values}
    if vector is not None:
        chosen.append(f"({NEAREST.format(filters=scope.sql, dimensions=DIMENSIONS)})")
        values |= {"vector": write_vector(vector), "nearest": BY_MEANING}
    if levels:
        found = (LEVEL.format(place=place, filters=scope.sql, limit=BY_WORDS) for place in range(len(levels)))
        chosen.append(FIRST.format(levels=" UNION ALL ".join(found), limit=BY_WORDS))
        values |= {f"level{place}": level for place, level in enumerate(levels)}
    if not chosen:
        return make_candidates([], crowding)
    sql = f"WITH chosen AS MATERIALIZED ({' UNION '.join(chosen)}) {FETCH}"
    return make_candidates(_search(sql, values), crowding)


def find_named(keys: Sequence[str], scope: Scope, *, limit: int) -> Candidates:
    """The most popular functions that have one of these keys of a name."""
    sql = f"WITH chosen AS MATERIALIZED ({NAMED.format(filters=scope.sql)}) {FETCH}"
    rows = _fetch(sql, {"keys": list(keys), "limit": limit, "model": "", **scope.values})
    return make_candidates(rows, TYPICAL_CROWDING, named=True)


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


def make_candidates(rows: Sequence[tuple[Any, ...]], crowding: float, *, named: bool = False) -> Candidates:
    """Out of rows of FETCH. Those whose terms are not packed yet are read and counted here and now."""
    missing = [row[0] for row in rows if not is_packed(row[6])]
    functions = Function.objects.filter(pk__in=missing).with_library() if missing else ()
    packed_now = {function.pk: pack_terms(to_document(function)) for function in functions}
    rows = [row for row in rows if is_packed(row[6]) or row[0] in packed_now]
    libraries = name_libraries({row[2] for row in rows}) if named else {}
    halves = np.frombuffer(b"".join(bytes(row[5] or _NO_VECTOR) for row in rows), dtype=_HALVES)
    return Candidates(
        ids=[row[0] for row in rows],
        languages=[row[1] for row in rows],
        libraries=[libraries.get(row[2], "") for row in rows],
        popularity=[row[3] for row in rows],
        packed=[bytes(row[6]) if is_packed(row[6]) else packed_now[row[0]] for row in rows],
        vectors=halves["values"].astype(np.float32),
        crowding=np.array([crowding if row[7] is None else row[7] for row in rows], dtype=np.float32),
        keys=[keys_of_name(row[4], libraries.get(row[2], "")) for row in rows] if named else (),
    )


def name_libraries(keys: set[int]) -> dict[int, str]:
    return dict(Library.objects.filter(pk__in=keys).values_list("pk", "name"))


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
