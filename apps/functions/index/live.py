"""The index as it is searched: a snapshot with an overlay of later changes."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from apps.functions.index.describing import describe_hits, weigh_evidence
from apps.functions.index.hits import NOTHING, Hit, SearchOutcome
from apps.functions.index.overlay import Overlay, build_segment
from apps.functions.index.ranking import (
    Floats,
    Part,
    Scope,
    choose_best,
    list_allowed,
    measure_cosines,
    score_part,
    sum_worth,
    weigh_terms,
)
from apps.functions.index.reranking import Ranked, rank_again
from apps.functions.index.segment import Statistics, Vector, unit_vector
from apps.functions.index.snapshot import Snapshot
from apps.functions.search.confidence import (
    ANSWER_THRESHOLD,
    confidence_of_name,
    estimate_confidence,
)
from apps.functions.search.names import key_of_query
from apps.functions.search.query import Groups, ParsedQuery, QueryTerm, replace_words
from apps.functions.search.reranking import CANDIDATES
from apps.functions.search.spelling import can_be_read, choose_reading

EVERYTHING = Scope()
NO_STATISTICS = Statistics(0, (), lambda term: 0)


class LiveIndex:
    """Searches a snapshot and an overlay as one catalogue. Never changes: safe to share between threads."""

    def __init__(self, snapshot: Snapshot | None, overlay: Overlay) -> None:
        base = snapshot.segment if snapshot else None
        known = snapshot.statistics if snapshot and snapshot.statistics.documents else None
        self._statistics = known or NO_STATISTICS
        self._parts: list[Part] = []
        if base is not None:
            self._parts.append(Part(base, ~np.isin(base.ids, list(overlay.masked))))
        if overlay.entries or base is None:
            changed = build_segment(overlay.entries, known, base)
            self._parts.append(Part(changed, np.ones(len(changed), dtype=np.bool_)))
            self._statistics = known or Statistics(len(changed), (), changed.terms.frequency)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the functions, in order of their names."""
        return self._languages

    @cached_property
    def _languages(self) -> tuple[str, ...]:
        return tuple(sorted({language for part in self._parts for language in part.segment.languages}))

    def __len__(self) -> int:
        """How many functions can be found."""
        return sum(int(part.shown.sum()) for part in self._parts)

    def contains(self, functions: Collection[int]) -> set[int]:
        """Those of these functions, by their ids, that can be found."""
        wanted = list(functions)
        known = [part.segment.ids[part.shown & np.isin(part.segment.ids, wanted)] for part in self._parts]
        return {int(function) for ids in known for function in ids}

    def frequency(self, term: str) -> int:
        """In how many functions a term was at the last build."""
        return self._statistics.frequency(term)

    def read_words(self, query: ParsedQuery, groups: Groups = ()) -> ParsedQuery:
        """The query with each word that nothing has, nor any of its synonyms, read as the nearest one there is.

        `groups` are those with which the query was parsed.
        """
        readings = {}
        for term in query.terms:
            word = term.word.lower()
            if can_be_read(word) and not term.joins and not self._is_known(term):
                found = (one for part in self._parts for one in part.segment.terms.find_readings(word))
                if reading := choose_reading(found):
                    readings[term.word] = reading.word
        return replace_words(query, readings, groups) if readings else query

    def search(
        self,
        query: ParsedQuery,
        vector: Vector | None,
        *,
        language: str | None = None,
        library: str | None = None,
        limit: int = 10,
        explained: bool = True,
    ) -> SearchOutcome:
        """The functions that fit a query best, among those that the filters let through.

        `vector` is the embedding of `query.text`, shape (dimensions,); without it only words count, and functions
        that share none are not shown. Raises ValueError for a vector of another length than the index has.
        """
        found = self.rank(query, vector, language=language, library=library, limit=limit)
        if not len(found):
            return NOTHING
        confidence = estimate_confidence(weigh_evidence(found))
        hits = describe_hits(query, found, limit, explained=explained)
        return SearchOutcome(hits, confidence, confidence >= ANSWER_THRESHOLD)

    def search_if_sure(
        self,
        query: ParsedQuery,
        *,
        language: str | None = None,
        library: str | None = None,
        limit: int = 10,
        explained: bool = True,
    ) -> SearchOutcome:
        """What words alone find, where a curated function tells the whole query and leads clearly; or else NOTHING."""
        if not self._has_curated:
            return NOTHING
        found = self.rank(query, None, language=language, library=library, limit=limit)
        if not len(found) or not (evidence := weigh_evidence(found)).is_sure:
            return NOTHING
        hits = describe_hits(query, found, limit, explained=explained)
        return SearchOutcome(hits, estimate_confidence(evidence), True)

    def rank(
        self,
        query: ParsedQuery,
        vector: Vector | None,
        *,
        language: str | None = None,
        library: str | None = None,
        limit: int = 10,
    ) -> Ranked:
        """What `search` goes by: at least CANDIDATES functions where so many can be found, the best first."""
        unit = self._check_vector(vector)
        terms = weigh_terms(query.terms, self._statistics)
        scope = Scope(language or query.language, library)
        scores = [score_part(part, scope, terms, unit) for part in self._parts]
        # What is looked at again, and so the order, does not hang on how many are asked for.
        chances, allowed = [found.chances for found in scores], [found.allowed for found in scores]
        candidates = choose_best(self._parts, chances, allowed, max(limit, CANDIDATES))
        return rank_again(query, terms, self._parts, scores, candidates, sum_worth(terms, self._statistics))

    def exact_matches(
        self,
        query: ParsedQuery,
        *,
        language: str | None = None,
        library: str | None = None,
        limit: int = 10,
        explained: bool = True,
    ) -> SearchOutcome:
        """The functions whose name the query is, in any spelling, the most popular first."""
        keys = dict.fromkeys(key for text in (query.text, query.subject) if (key := key_of_query(text)))
        scope = Scope(language or query.language, library)
        for key in keys:
            if found := self._named(key, scope, limit):
                confidence = confidence_of_name(query.text)
                words = tuple(dict.fromkeys(term.word for term in query.terms)) if explained else ()
                why = "its name is the query" if explained else ""
                hits = tuple(Hit(function, confidence, 1.0, None, words, why) for function in found)
                return SearchOutcome(hits, confidence, confidence >= ANSWER_THRESHOLD)
        return NOTHING

    def similar(self, function: int, *, limit: int = 10) -> SearchOutcome:
        """The functions nearest in meaning to one, by its id; by its most telling words where it has no vector."""
        own = next(((part, row) for part in self._parts if (row := _find(part, function)) >= 0), None)
        if own is None:
            return NOTHING
        part, row = own
        others = [replace(other, shown=other.shown & (other.segment.ids != function)) for other in self._parts]
        if part.segment.has_vector[row]:
            vector = np.array(part.segment.vectors[row])
            near = [measure_cosines(other.segment, vector) for other in others]
            return _list_nearest(others, near, limit, _hit_by_meaning)
        terms = [QueryTerm(term, term) for term in part.segment.terms.top_terms(row)]
        weighed = weigh_terms(terms, self._statistics)
        shares = [score_part(other, EVERYTHING, weighed, None).lexical for other in others]
        return _list_nearest(others, shares, limit, _hit_by_words)

    def _named(self, key: str, scope: Scope, limit: int) -> list[int]:
        """The ids of the functions with a name, the most popular first."""
        found: list[tuple[float, int]] = []
        for part in self._parts:
            if rows := part.segment.terms.rows_named(key):
                named = part.choose(np.array(rows, dtype=np.int64), scope)
                found += zip((-part.segment.popularity[named]).tolist(), part.segment.ids[named].tolist(), strict=True)
        return [function for _, function in sorted(found)[: max(limit, 0)]]

    def _is_known(self, term: QueryTerm) -> bool:
        names = (term.term, *term.synonyms)
        return any(part.segment.terms.frequency(name) for part in self._parts for name in names)

    @cached_property
    def _has_curated(self) -> bool:
        return any(part.segment.curated.any() for part in self._parts)

    def _check_vector(self, vector: Vector | None) -> Vector | None:
        dimensions = max((part.segment.vectors.shape[1] for part in self._parts), default=0)
        return unit_vector(vector, dimensions) if vector is not None and dimensions else None


def _list_nearest(
    parts: Sequence[Part], scores: Sequence[Floats], limit: int, make_hit: Callable[[int, float], Hit]
) -> SearchOutcome:
    """The functions with the highest scores above 0. The confidence is the first one's score."""
    allowed = [list_allowed(part, EVERYTHING, score) for part, score in zip(parts, scores, strict=True)]
    best = choose_best(parts, scores, allowed, limit)
    hits = tuple(
        make_hit(function, float(scores[part][row]))
        for part, row, function in zip(best.parts.tolist(), best.rows.tolist(), best.ids.tolist(), strict=True)
    )
    return SearchOutcome(hits, hits[0].score if hits else 0.0, bool(hits))


def _hit_by_meaning(function: int, cosine: float) -> Hit:
    return Hit(function, cosine, 0.0, cosine, (), f"meaning {cosine:.2f}")


def _hit_by_words(function: int, share: float) -> Hit:
    return Hit(function, share, share, None, (), f"words in common {share:.2f}")


def _find(part: Part, function: int) -> int:
    row = part.segment.row_of(function)
    return row if row >= 0 and part.shown[row] else -1
