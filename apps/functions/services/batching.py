"""Many searches for measurements at once: each is answered as by itself, and what they share is read once for all.

A vector must not depend on what else is embedded (docs/decisions/0003), nor a score on what else is asked: so the
searches share what they are answered from and what is read for them, and nothing of the arithmetic.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.db import connection

from apps.core.errors import InvalidInput
from apps.functions.index import Hit, SearchOutcome
from apps.functions.models import Function, FunctionState, Library
from apps.functions.search.query import list_synonyms
from apps.functions.services.kept_vectors import KeptVectors, Stopwatch
from apps.functions.services.searching import build_request, is_library
from apps.functions.services.tiers import DEADLINE_SECONDS, SearchRequest, make_tiers
from apps.inference import ladder


@dataclass(frozen=True, slots=True)
class Asked:
    """One search: see `measure_search` for its parameters."""

    query: str
    language: str | None = None
    library: str | None = None


class FoundFunction(NamedTuple):
    """What tells a function from others, without its texts.

    `names` are both that a case may have for it: its own id, and its reference, which has the library too.
    """

    key: int
    names: tuple[str, str]
    title: str
    language: str


@dataclass(frozen=True, slots=True)
class Measured:
    """The fields of `SearchAnswer` that measurements go by, and the synonyms with which the words were searched.

    `results` are the functions that can still be shown, best first.
    """

    answered: bool
    confidence: float
    tier: str
    took_ms: float
    language: str | None
    results: list[tuple[FoundFunction, Hit]]
    steps: list[dict[str, Any]]
    terms: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Climbed:
    """What the tiers made of a request, in so many milliseconds."""

    request: SearchRequest
    climb: ladder.Climb[SearchOutcome]
    ms: float

    @property
    def hits(self) -> tuple[Hit, ...]:
        return self.climb.answer.value.hits if self.climb.answer else ()


def measure_searches(asked: Sequence[Asked], *, limit: int = 10) -> list[Measured | InvalidInput]:
    """For each what `measure_search` returns, without the functions' texts and what explains the hits, or raises."""
    known, watch = cache(is_library), Stopwatch()
    tiers = make_tiers(KeptVectors(watch).embed, explained=False)
    climbed: list[Climbed | InvalidInput] = []
    for one in asked:
        started = watch()
        try:
            request = build_request(one.query, one.language, one.library, limit, known)
        except InvalidInput as error:
            climbed.append(error)
        else:
            climb = ladder.climb(tiers, request, clock=watch, deadline=started + DEADLINE_SECONDS)
            climbed.append(Climbed(request, climb, (watch() - started) * 1000))
    return _assemble(climbed)


def _assemble(climbed: Sequence[Climbed | InvalidInput]) -> list[Measured | InvalidInput]:
    """The reading of the rows is spread over the searches' times."""
    started = time.perf_counter()
    rows = read_functions({hit.id for one in climbed if isinstance(one, Climbed) for hit in one.hits})
    share = (time.perf_counter() - started) * 1000 / max(len(climbed), 1)
    return [one if isinstance(one, InvalidInput) else _measure(one, rows, share) for one in climbed]


def _measure(climbed: Climbed, rows: dict[int, FoundFunction], share: float) -> Measured:
    request, climb = climbed.request, climbed.climb
    results = [(function, hit) for hit in climbed.hits if (function := rows.get(hit.id))]
    return Measured(
        answered=climb.answered and bool(results),
        confidence=climb.confidence if results else 0.0,
        tier=climb.tier,
        took_ms=climbed.ms + share,
        language=request.language,
        results=results,
        steps=[step.as_dict() for step in climb.steps],
        terms=list_synonyms(request.parsed, request.synonyms),
    )


def read_functions(keys: Collection[int]) -> dict[int, FoundFunction]:
    """The functions with these keys that can be shown, by their keys."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_functions_query(), [f"{{{','.join(map(str, keys))}}}", FunctionState.PUBLISHED.value])
        return {
            key: FoundFunction(key, (external_id, f"{library}/{external_id}"), title, language)
            for key, external_id, title, language, library in cursor.fetchall()
        }


@cache
def _functions_query() -> str:
    """SQL for keys, as an array's text, and a state."""
    functions, libraries = Function._meta.db_table, Library._meta.db_table
    return (
        "SELECT f.id, f.external_id, coalesce(nullif(f.qualified_name, ''), f.name), f.language, l.name "  # noqa: S608
        f"FROM {functions} f JOIN {libraries} l ON l.id = f.library_id WHERE f.id = ANY(%s::bigint[]) AND f.state = %s"
    )
