"""The tiers of search, and what they are asked."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from apps.core.cache.registry import get_cache
from apps.functions.index import SearchIndex, SearchOutcome
from apps.functions.search.confidence import ANSWER_THRESHOLD
from apps.functions.search.query import Groups, ParsedQuery, parse_query
from apps.inference import ladder
from apps.inference import services as inference
from apps.inference.embedding import EmbeddingModelMissing

if TYPE_CHECKING:
    import numpy as np

LEXICAL = "lexical"
DEADLINE_SECONDS = 5.0


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


class WordsTier:
    """What words alone find for sure, with no need to embed the query; `choose` takes the index's method to ask."""

    threshold = ANSWER_THRESHOLD

    def __init__(
        self, name: str, choose: Callable[[SearchIndex], Callable[..., SearchOutcome]], *, explained: bool = True
    ) -> None:
        self.name = name
        self._choose = choose
        self._explained = explained

    def skip_reason(self, request: SearchRequest) -> str:
        return ""

    def answer(self, request: SearchRequest) -> Found | None:
        outcome = self._choose(request.index)(
            request.parsed,
            language=request.language,
            library=request.library,
            limit=request.limit,
            explained=self._explained,
        )
        return ladder.Answer(outcome, outcome.confidence) if outcome.hits else None


class RankingTier:
    """Words and meaning, fused; `embed` gives the query's vector, or None to go by words alone."""

    threshold = ANSWER_THRESHOLD

    def __init__(self, name: str, embed: Callable[[str], "np.ndarray | None"], *, explained: bool = True) -> None:
        self.name = name
        self._embed = embed
        self._explained = explained

    def skip_reason(self, request: SearchRequest) -> str:
        return "" if request.vector is None else "the ranking by meaning took the words in already"

    def answer(self, request: SearchRequest) -> Found | None:
        request.vector = self._embed(request.parsed.text)
        outcome = request.index.search(
            request.parsed,
            request.vector,
            language=request.language,
            library=request.library,
            limit=request.limit,
            explained=self._explained,
        )
        return ladder.Answer(outcome, outcome.confidence) if outcome.hits else None


def embed_query(text: str) -> "np.ndarray":
    """The query's vector, cached in the process. Raises TierFailed when there is no model."""
    try:
        return get_cache("functions.queries").get_or_compute(text, partial(inference.embed_query, text))
    except EmbeddingModelMissing as error:
        raise ladder.TierFailed(str(error)) from error


def make_tiers(embed: Callable[[str], "np.ndarray"], *, explained: bool = True) -> tuple[SearchTier, ...]:
    """The tiers that make an answer, cheapest first; hits that are not to be `explained` say neither words nor why.

    First the rule that a query which is a function's name asks for that function; then words, where a function that
    somebody described for search tells all of the query; then meaning with them, by the vector that `embed` gives of
    the query's text unless it raises TierFailed; and words alone where there is none.
    """
    return (
        WordsTier(ladder.RULES, lambda index: index.exact_matches, explained=explained),
        WordsTier("words", lambda index: index.search_if_sure, explained=explained),
        RankingTier(ladder.LOCAL_MODEL, embed, explained=explained),
        RankingTier(LEXICAL, lambda text: None, explained=explained),
    )


TIERS = (CacheTier(), *make_tiers(embed_query))


def climb_tiers(tiers: Sequence[SearchTier], request: SearchRequest, started: float) -> ladder.Climb[SearchOutcome]:
    """`started` is a time of perf_counter."""
    climb = ladder.climb(tiers, request, clock=time.perf_counter, deadline=started + DEADLINE_SECONDS)
    if climb.tier != ladder.CACHE or (climb.answer and climb.answer.value.answered):
        return climb
    # The cache was sure to have the answer, and the answer was not sure.
    step = replace(climb.steps[-1], outcome="unsure")
    return replace(climb, answered=False, steps=(*climb.steps[:-1], step))
