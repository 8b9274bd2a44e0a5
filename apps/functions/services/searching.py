"""Search as a ladder: cache, the rule that a query may be a function's name, then words and meaning together."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from apps.core import metrics
from apps.core.cache.registry import get_cache
from apps.core.errors import InvalidInput
from apps.core.ids import new_id
from apps.functions.index import Hit, SearchOutcome
from apps.functions.languages import explain_unknown_language, find_language
from apps.functions.models import Function, Library
from apps.functions.services.found import read_found
from apps.functions.services.live import live_index
from apps.functions.services.shown import shown_functions
from apps.functions.services.tiers import TIERS, KeptAnswer, SearchRequest, climb_tiers
from apps.inference import ladder

LADDER = "functions.search"
MAX_QUERY = 2000
MAX_LIMIT = 100
TRACE_SECONDS = 0.1
"""Within this a trace is where every process finds it: whoever looks for one that is not there looks again then."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One function found. `score` is from 0 to 1; `matched` has the query's words that it has."""

    function: Function
    score: float
    matched: list[str]
    why: str

    def as_dict(self) -> dict[str, Any]:
        function = self.function
        return {
            "id": function.external_id,
            "key": function.pk,
            "name": function.name,
            "qualified_name": function.qualified_name,
            "language": function.language,
            "library": function.library.name,
            "signature": function.signature,
            "description": function.description,
            "score": round(self.score, 4),
            "matched": self.matched,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """An answer with its trace. `language` is the filter that was applied, given or said in the query."""

    query: str
    answered: bool
    confidence: float
    tier: str
    took_ms: float
    trace_id: str
    language: str | None
    results: list[SearchResult]
    steps: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        return {**self.as_head(), "results": [result.as_dict() for result in self.results]}

    def as_head(self) -> dict[str, Any]:
        """All but the results."""
        return {
            "query": self.query,
            "answered": self.answered,
            "confidence": round(self.confidence, 4),
            "tier": self.tier,
            "took_ms": round(self.took_ms, 2),
            "trace_id": self.trace_id,
            "language": self.language,
        }


def search_functions(
    *,
    query: str,
    language: str | None = None,
    library: str | None = None,
    limit: int = 10,
    user_id: int | None = None,
) -> SearchAnswer:
    """The functions that fit the query best. Raises InvalidInput naming q, language, library or limit.

    `user_id` is whose question it is, who may read its trace.
    """
    started = time.perf_counter()
    request = build_request(query, language, library, limit)
    climb = climb_tiers(TIERS, request, started)
    answer = build_answer(query, request, climb, started)
    keys = [result.function.pk for result in answer.results]
    if not request.kept:
        _keep(request, climb, answer, keys, orjson.dumps([result.as_dict() for result in answer.results]))
    _record(answer, keys, _name_filters(language, library), user_id)
    return answer


def search_as_json(
    *,
    query: str,
    language: str | None = None,
    library: str | None = None,
    limit: int = 10,
    user_id: int | None = None,
) -> tuple[bytes, Callable[[], None]]:
    """What `search_functions` answers, as JSON, and what then has to be called, to keep the answer and its trace.

    Of a query that was asked before, no row is read again, nor of a function that was found since anything changed.
    """
    started = time.perf_counter()
    request = build_request(query, language, library, limit)
    climb = climb_tiers(TIERS, request, started)
    if request.kept:
        keys, rendered = request.kept.keys, request.kept.rendered
    else:
        keys, rendered = _render_hits(climb.answer.value.hits if climb.answer else (), str(request.recipe[-1]))
    answer = assemble_answer(query, request, climb, [], count_ms(started), found=bool(keys))

    def keep() -> None:
        if not request.kept:
            _keep(request, climb, answer, keys, rendered)
            shown_functions().read_ahead()
        _record(answer, keys, _name_filters(language, library), user_id)

    return orjson.dumps({**answer.as_head(), "results": orjson.Fragment(rendered)}), keep


def similar_functions(*, function: Function, limit: int = 8) -> list[SearchResult]:
    """Functions whose meaning is nearest to this one's; by words where it has no vector."""
    hits = live_index().get().similar(function.pk, limit=limit).hits
    return pick_results(hits, {found.pk: found for found in Function.objects.in_order([hit.id for hit in hits])})


def get_trace(trace_id: str) -> dict[str, Any] | None:
    """How an answer of the last day was reached, and as `user_id` whose question it was."""
    traces = get_cache("functions.traces")
    trace: dict[str, Any] | None = traces.get(trace_id)
    if trace is None:
        time.sleep(TRACE_SECONDS)
        trace = traces.get(trace_id)
    return trace


def find_trace(trace_id: str, user: Any) -> dict[str, Any] | None:
    """As `get_trace`, for whose question it was, and for who may read everybody's; None for all others."""
    trace = get_trace(trace_id)
    if trace is None or user is None:
        return None
    is_own = trace.get("user_id") == user.pk
    return trace if is_own or user.has_perm("functions.view_trace") else None


def is_library(name: str) -> bool:
    if name in live_index().load().libraries:
        return True
    # Or it was made this moment. Nothing with a NUL is ever stored, and PostgreSQL takes none even in a question.
    return "\0" not in name and Library.objects.filter(name=name).exists()


def build_request(
    query: str,
    language: str | None,
    library: str | None,
    limit: int,
    is_library: Callable[[str], bool] = is_library,
) -> SearchRequest:
    """Raises InvalidInput naming q, language, library or limit. `is_library` says whether there is one of a name."""
    text = _check_query(query)
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput({"limit": f"must be from 1 to {MAX_LIMIT}"})
    if library and not is_library(library):
        raise InvalidInput({"library": "there is no such library"})
    given = _check_language(language)
    loaded = live_index().load()
    # As it is written: the spelling of a name can say which language is meant.
    recipe = (text, given, library, limit, loaded.version)
    return SearchRequest(text, given, loaded.index, loaded.synonyms, library, limit, recipe)


def build_answer(
    query: str, request: SearchRequest, climb: ladder.Climb[SearchOutcome], started: float
) -> SearchAnswer:
    """The answer with the functions' rows, read in one query."""
    hits = climb.answer.value.hits if climb.answer else ()
    results = pick_results(hits, read_found([hit.id for hit in hits]))
    return assemble_answer(query, request, climb, results, count_ms(started))


def pick_results(hits: Sequence[Hit], rows: Mapping[int, Function]) -> list[SearchResult]:
    """Those hits whose functions are among the rows, by their keys, and may be shown."""
    return [
        SearchResult(rows[hit.id], hit.score, list(hit.matched), hit.why)
        for hit in hits
        if hit.id in rows and rows[hit.id].is_searchable
    ]


def assemble_answer(
    query: str,
    request: SearchRequest,
    climb: ladder.Climb[SearchOutcome],
    results: list[SearchResult],
    ms: float,
    *,
    found: bool | None = None,
) -> SearchAnswer:
    """The answer. One for which no function was found that is still there is none; `found` says so without results."""
    found = bool(results) if found is None else found
    return SearchAnswer(
        query=query.encode("utf-8", "replace").decode(),  # half a surrogate pair fits into no JSON
        answered=climb.answered and found,
        confidence=climb.confidence if found else 0.0,
        tier=climb.tier,
        took_ms=ms,
        trace_id=new_id(),
        language=request.language,
        results=results,
        steps=[step.as_dict() for step in climb.steps],
    )


def count_ms(started: float) -> float:
    """Milliseconds since a time of perf_counter."""
    return (time.perf_counter() - started) * 1000


def _check_query(query: str) -> str:
    if len(query) > MAX_QUERY:
        raise InvalidInput({"q": f"is {len(query):,} characters long; {MAX_QUERY:,} is the most"}, code="too_long")
    if not query.isprintable():
        query = "".join(char if char.isprintable() else " " for char in query)
    text = " ".join(query.split())
    if not text:
        raise InvalidInput({"q": "is empty: say in a few words what the function should do"}, code="blank")
    return text


def _check_language(language: str | None) -> str | None:
    if not language:
        return None
    known = find_language(language)
    if known is None:
        raise InvalidInput({"language": explain_unknown_language(language)})
    return known


def _render_hits(hits: Sequence[Hit], version: str) -> tuple[list[int], bytes]:
    """Keys of the functions hit that may be shown, and what `SearchResult.as_dict` says of each, as JSON."""
    shown = shown_functions().read([hit.id for hit in hits], version)
    there = [hit for hit in hits if hit.id in shown]
    found = [orjson.dumps({"score": round(hit.score, 4), "matched": hit.matched, "why": hit.why}) for hit in there]
    # Two objects become one.
    results = [b"%b,%b" % (shown[hit.id][:-1], own[1:]) for hit, own in zip(there, found, strict=True)]
    return [hit.id for hit in there], b"[%b]" % b",".join(results)


def _name_filters(language: str | None, library: str | None) -> dict[str, str]:
    given = {"language": language, "library": library}
    return {name: value for name, value in given.items() if value}


def _keep(
    request: SearchRequest,
    climb: ladder.Climb[SearchOutcome],
    answer: SearchAnswer,
    keys: list[int],
    rendered: bytes,
) -> None:
    """For the next time, unless a tier failed or came too late: the next time it may do better."""
    degraded = any(step.outcome == "failed" or step.reason == ladder.PAST_DEADLINE for step in climb.steps)
    if climb.answer and not degraded:
        kept = KeptAnswer(climb.answer.value, answer.language, keys, rendered)
        get_cache("functions.answers").set(request.recipe, kept)


def _record(answer: SearchAnswer, keys: list[int], filters: dict[str, str], user_id: int | None) -> None:
    """Counts the answer and keeps how it was reached; `filters` are as they were given."""
    metrics.count("answers", ladder=LADDER, tier=answer.tier or "none", answered=str(answer.answered).lower())
    metrics.observe("answer_seconds", answer.took_ms / 1000, ladder=LADDER)
    for step in answer.steps:
        if step["outcome"] == "failed":
            metrics.count("tier_failures", ladder=LADDER, tier=step["tier"])
    trace = {
        "trace_id": answer.trace_id,
        "ladder": LADDER,
        "query": answer.query,
        "filters": filters,
        "tier": answer.tier,
        "answered": answer.answered,
        "confidence": round(answer.confidence, 4),
        "took_ms": round(answer.took_ms, 2),
        "results": keys,
        "steps": answer.steps,
        "user_id": user_id,
    }
    get_cache("functions.traces").set(answer.trace_id, trace)
