"""Search as a ladder: cache, the rule that a query may be a function's name, then words and meaning together."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import orjson

from apps.core import metrics
from apps.core.cache.registry import get_cache
from apps.core.errors import InvalidInput
from apps.core.ids import new_id
from apps.functions.index import Hit, SearchIndex, SearchOutcome
from apps.functions.languages import explain_unknown_language, find_language
from apps.functions.models import Function, Library
from apps.functions.search.confidence import ANSWER_THRESHOLD
from apps.functions.search.query import Groups, ParsedQuery, parse_query
from apps.functions.services.found import read_found
from apps.functions.services.live import live_index
from apps.inference import ladder
from apps.inference import services as inference
from apps.inference.embedding import EmbeddingModelMissing

if TYPE_CHECKING:
    import numpy as np

LADDER = "functions.search"
LEXICAL = "lexical"
MAX_QUERY = 2000
MAX_LIMIT = 100
DEADLINE_SECONDS = 5.0
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


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What stays the same when a query is asked again: the functions by their keys, and their JSON as it is sent."""

    outcome: SearchOutcome
    language: str | None
    keys: list[int]
    rendered: bytes


@dataclass
class SearchRequest:
    """What the tiers are asked. One that embeds the query, or remembers it, leaves what it has for whoever comes after.

    `given` is the language of the filter; the query is parsed when a tier wants to know more of it than its text.
    """

    text: str
    given: str | None
    index: SearchIndex
    synonyms: Groups
    library: str | None
    limit: int
    recipe: tuple[object, ...]
    vector: "np.ndarray | None" = field(default=None)
    kept: KeptAnswer | None = field(default=None)

    @cached_property
    def parsed(self) -> ParsedQuery:
        parsed = parse_query(self.text, language=self.given, available=self.index.languages, groups=self.synonyms)
        return self.index.read_words(parsed, self.synonyms)

    @property
    def language(self) -> str | None:
        """The language applied: given, or said in the query."""
        return self.kept.language if self.kept else self.parsed.language


Found = ladder.Answer[SearchOutcome]
SearchTier = ladder.Tier[SearchRequest, SearchOutcome]


class CacheTier:
    """Whole answers, kept in the process for as long as the index stays as it is; also those that were not sure."""

    name = ladder.CACHE
    threshold = 0.0

    def skip_reason(self, request: SearchRequest) -> str:
        return ""

    def answer(self, request: SearchRequest) -> Found | None:
        request.kept = get_cache("functions.answers").get(request.recipe)
        outcome = request.kept.outcome if request.kept else None
        return ladder.Answer(outcome, outcome.confidence) if outcome else None


class NamesTier:
    """The rule that a query which is the name of a function asks for that function."""

    name = ladder.RULES
    threshold = ANSWER_THRESHOLD

    def skip_reason(self, request: SearchRequest) -> str:
        return ""

    def answer(self, request: SearchRequest) -> Found | None:
        outcome = request.index.exact_matches(
            request.parsed, language=request.language, library=request.library, limit=request.limit
        )
        return ladder.Answer(outcome, outcome.confidence) if outcome.hits else None


class WordsTier:
    """Words alone, where a function that somebody described for search tells all of the query: no need to embed it."""

    name = "words"
    threshold = ANSWER_THRESHOLD

    def skip_reason(self, request: SearchRequest) -> str:
        return ""

    def answer(self, request: SearchRequest) -> Found | None:
        outcome = request.index.search_if_sure(
            request.parsed, language=request.language, library=request.library, limit=request.limit
        )
        return ladder.Answer(outcome, outcome.confidence) if outcome.hits else None


class RankingTier:
    """Words and meaning, fused; `embed` gives the query's vector, or None to go by words alone."""

    threshold = ANSWER_THRESHOLD

    def __init__(self, name: str, embed: Callable[[str], "np.ndarray | None"]) -> None:
        self.name = name
        self._embed = embed

    def skip_reason(self, request: SearchRequest) -> str:
        return "" if request.vector is None else "the ranking by meaning took the words in already"

    def answer(self, request: SearchRequest) -> Found | None:
        request.vector = self._embed(request.parsed.text)
        outcome = request.index.search(
            request.parsed, request.vector, language=request.language, library=request.library, limit=request.limit
        )
        return ladder.Answer(outcome, outcome.confidence) if outcome.hits else None


def embed_query(text: str) -> "np.ndarray":
    """The query's vector, cached in the process. Raises TierFailed when there is no model."""
    try:
        return get_cache("functions.queries").get_or_compute(text, partial(inference.embed_query, text))
    except EmbeddingModelMissing as error:
        raise ladder.TierFailed(str(error)) from error


TIERS = (
    CacheTier(),
    NamesTier(),
    WordsTier(),
    RankingTier(ladder.LOCAL_MODEL, embed_query),
    RankingTier(LEXICAL, lambda text: None),
)


def search_functions(
    *, query: str, language: str | None = None, library: str | None = None, limit: int = 10
) -> SearchAnswer:
    """The functions that fit the query best. Raises InvalidInput naming q, language, library or limit."""
    started = time.perf_counter()
    request = build_request(query, language, library, limit)
    climb = climb_tiers(TIERS, request, started)
    answer = build_answer(query, request, climb, started)
    keys = [result.function.pk for result in answer.results]
    if not request.kept:
        _keep(request, climb, answer, keys, _render(answer.results))
    _record(answer, keys, _name_filters(language, library))
    return answer


def search_as_json(*, query: str, language: str | None = None, library: str | None = None, limit: int = 10) -> bytes:
    """What `search_functions` answers, as JSON. Of a query that was asked before, no row is read again."""
    started = time.perf_counter()
    request = build_request(query, language, library, limit)
    climb = climb_tiers(TIERS, request, started)
    if request.kept:
        keys, rendered = request.kept.keys, request.kept.rendered
        answer = assemble_answer(query, request, climb, [], count_ms(started), found=bool(keys))
    else:
        answer = build_answer(query, request, climb, started)
        keys, rendered = [result.function.pk for result in answer.results], _render(answer.results)
        _keep(request, climb, answer, keys, rendered)
    _record(answer, keys, _name_filters(language, library))
    return orjson.dumps({**answer.as_head(), "results": orjson.Fragment(rendered)})


def similar_functions(*, function: Function, limit: int = 8) -> list[SearchResult]:
    """Functions whose meaning is nearest to this one's; by words where it has no vector."""
    hits = live_index().get().similar(function.pk, limit=limit).hits
    return pick_results(hits, {found.pk: found for found in Function.objects.in_order([hit.id for hit in hits])})


def get_trace(trace_id: str) -> dict[str, Any] | None:
    """How an answer of the last day was reached."""
    traces = get_cache("functions.traces")
    trace: dict[str, Any] | None = traces.get(trace_id)
    if trace is None:
        time.sleep(TRACE_SECONDS)
        trace = traces.get(trace_id)
    return trace


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


def climb_tiers(tiers: Sequence[SearchTier], request: SearchRequest, started: float) -> ladder.Climb[SearchOutcome]:
    """`started` is a time of perf_counter."""
    climb = ladder.climb(tiers, request, clock=time.perf_counter, deadline=started + DEADLINE_SECONDS)
    if climb.tier != ladder.CACHE or (climb.answer and climb.answer.value.answered):
        return climb
    # The cache was sure to have the answer, and the answer was not sure.
    step = replace(climb.steps[-1], outcome="unsure")
    return replace(climb, answered=False, steps=(*climb.steps[:-1], step))


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
    text = " ".join("".join(char if char.isprintable() else " " for char in query).split())
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


def _render(results: Sequence[SearchResult]) -> bytes:
    return orjson.dumps([result.as_dict() for result in results])


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


def _record(answer: SearchAnswer, keys: list[int], filters: dict[str, str]) -> None:
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
    }
    get_cache("functions.traces").set(answer.trace_id, trace)
