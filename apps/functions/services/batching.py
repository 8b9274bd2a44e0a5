"""Many searches for measurements at once: each is answered as by itself, and all the functions' rows are read together.

A vector must not depend on what else is embedded (docs/decisions/0003), nor a score on what else is asked: so the
searches share what they are answered from and what is read for them, and nothing of the arithmetic.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

from apps.core.errors import InvalidInput
from apps.functions.index import Hit, SearchOutcome
from apps.functions.models import Function
from apps.functions.search.query import list_synonyms
from apps.functions.services.measuring import TIERS, MeasuredSearch
from apps.functions.services.searching import assemble_answer, build_request, count_ms, is_library, pick_results
from apps.functions.services.tiers import SearchRequest, climb_tiers
from apps.inference import ladder

COLUMNS = ("external_id", "name", "qualified_name", "language", "state", "library__name")
"""What is read of the functions found: what tells them apart, without their texts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One search: see `measure_search` for its parameters."""

    query: str
    language: str | None = None
    library: str | None = None


@dataclass(frozen=True, slots=True)
class Climbed:
    """What the tiers made of a request, in so many milliseconds."""

    request: SearchRequest
    climb: ladder.Climb[SearchOutcome]
    ms: float

    @property
    def hits(self) -> tuple[Hit, ...]:
        return self.climb.answer.value.hits if self.climb.answer else ()


def measure_searches(asked: Sequence[Asked], *, limit: int = 10) -> list[MeasuredSearch | InvalidInput]:
    """What `measure_search` returns or raises for each. The functions in the results have COLUMNS only."""
    known = cache(is_library)
    climbed: list[Climbed | InvalidInput] = []
    for one in asked:
        started = time.perf_counter()
        try:
            request = build_request(one.query, one.language, one.library, limit, known)
        except InvalidInput as error:
            climbed.append(error)
        else:
            climb = climb_tiers(TIERS, request, started)
            climbed.append(Climbed(request, climb, count_ms(started)))
    return _assemble(asked, climbed)


def _assemble(asked: Sequence[Asked], climbed: Sequence[Climbed | InvalidInput]) -> list[MeasuredSearch | InvalidInput]:
    """The reading of the rows is spread over the searches' times."""
    started = time.perf_counter()
    rows = _read_rows({hit.id for one in climbed if isinstance(one, Climbed) for hit in one.hits})
    share = count_ms(started) / max(len(climbed), 1)
    measured: list[MeasuredSearch | InvalidInput] = []
    for question, one in zip(asked, climbed, strict=True):
        if isinstance(one, InvalidInput):
            measured.append(one)
            continue
        results = pick_results(one.hits, rows)
        answer = assemble_answer(question.query, one.request, one.climb, results, one.ms + share)
        measured.append(MeasuredSearch(answer, list_synonyms(one.request.parsed, one.request.synonyms)))
    return measured


def _read_rows(ids: Collection[int]) -> dict[int, Function]:
    rows = Function.objects.with_library().filter(pk__in=ids).only(*COLUMNS).order_by()
    return {function.pk: function for function in rows}
