"""The index as it is searched: a snapshot with an overlay of later changes."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np

from apps.functions.index.describing import describe_hits, weigh_evidence
from apps.functions.index.hits import NOTHING, Hit, SearchOutcome
from apps.functions.index.overlay import Overlay, build_segment
from apps.functions.index.ranking import (
    IN_WORDS,
    Floats,
    Part,
    choose_best,
    measure_cosines,
    score_segment,
    weigh_terms,
)
from apps.functions.index.reranking import Ranked, rank_again
from apps.functions.index.segment import Segment, Statistics, Vector, unit_vector
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
        if overlay.entries:
            changed = build_segment(overlay.entries, known, base)
            self._parts.append(Part(changed, np.ones(len(changed), dtype=np.bool_)))
            self._statistics = known or Statistics(len(changed), (), lambda term: _frequency(changed, term))

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the functions, in order of their names."""
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
    ) -> SearchOutcome:
        """The functions that fit a query best, among those that the filters let through.

        `vector` is the embedding of `query.text`, shape (dimensions,); without it only words count, and functions
        that share none are not shown. Raises ValueError for a vector of another length than the index has.
        """
        found = self.rank(query, vector, language=language, library=library, limit=limit)
        if not found.best:
            return NOTHING
        confidence = estimate_confidence(weigh_evidence(found))
        hits = describe_hits(query, found, limit)
        return SearchOutcome(hits, confidence, confidence >= ANSWER_THRESHOLD)

    def search_if_sure(
        self, query: ParsedQuery, *, language: str | None = None, library: str | None = None, limit: int = 10
    ) -> SearchOutcome:
        """What words alone find, where a curated function tells the whole query and leads clearly; or else NOTHING."""
        if not any(part.segment.curated.any() for part in self._parts):
            return NOTHING
        found = self.rank(query, None, language=language, library=library, limit=limit)
        if not found.best or not (evidence := weigh_evidence(found)).is_sure:
            return NOTHING
        return SearchOutcome(describe_hits(query, found, limit), estimate_confidence(evidence), True)

    def rank(
        self,
        query: ParsedQuery,
        vector: Vector | None,
        *,
        language: str | None = None,
        library: str | None = None,
        limit: int = 10,
    ) -> Ranked:
        """What `search` goes by: at least CANDIDATES places where so many can be found, the best first."""
        unit = self._check_vector(vector)
        terms = weigh_terms(query.terms, self._statistics)
        parts = self._filter(language or query.language, library)
        scores = [score_segment(part.segment, terms, unit, part.shown) for part in parts]
        if unit is None:
            parts = [
                replace(part, shown=part.shown & (found.lexical > 0)) for part, found in zip(parts, scores, strict=True)
            ]
        # What is looked at again, and so the order, does not hang on how many are asked for.
        candidates = choose_best(
            parts, [found.fused + IN_WORDS * found.lexical for found in scores], max(limit, CANDIDATES)
        )
        return rank_again(query, parts, scores, candidates)

    def exact_matches(
        self, query: ParsedQuery, *, language: str | None = None, library: str | None = None, limit: int = 10
    ) -> SearchOutcome:
        """The functions whose name the query is, in any spelling, the most popular first."""
        keys = dict.fromkeys(key for text in (query.text, query.subject) if (key := key_of_query(text)))
        for key in keys:
            outcome = self._named(key, query, language or query.language, library, limit)
            if outcome.hits:
                return outcome
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
            return _list_nearest(
                others, [measure_cosines(other.segment, vector) for other in others], limit, _hit_by_meaning
            )
        terms = [QueryTerm(term, term) for term in part.segment.terms.top_terms(row)]
        weighed = weigh_terms(terms, self._statistics)
        shares = [score_segment(other.segment, weighed, None).lexical for other in others]
        return _list_nearest(others, shares, limit, _hit_by_words)

    def _named(
        self, key: str, query: ParsedQuery, language: str | None, library: str | None, limit: int
    ) -> SearchOutcome:
        if not any(part.segment.terms.rows_named(key) for part in self._parts):
            return NOTHING
        parts = []
        for part in self._filter(language, library):
            named = np.zeros(len(part.segment), dtype=np.bool_)
            named[part.segment.terms.rows_named(key)] = True
            parts.append(replace(part, shown=part.shown & named))
        best = choose_best(parts, [np.zeros(len(part.segment), dtype=np.float32) for part in parts], limit)
        confidence = confidence_of_name(query.text) if best else 0.0
        words = tuple(dict.fromkeys(term.word for term in query.terms))
        hits = tuple(
            Hit(int(parts[place.part].segment.ids[place.row]), confidence, 1.0, None, words, "its name is the query")
            for place in best
        )
        return SearchOutcome(hits, confidence, confidence >= ANSWER_THRESHOLD)

    def _is_known(self, term: QueryTerm) -> bool:
        names = (term.term, *term.synonyms)
        return any(part.segment.terms.postings(name) is not None for part in self._parts for name in names)

    def _filter(self, language: str | None, library: str | None) -> list[Part]:
        return [replace(part, shown=part.shown & part.segment.select(language, library)) for part in self._parts]

    def _check_vector(self, vector: Vector | None) -> Vector | None:
        dimensions = max((part.segment.vectors.shape[1] for part in self._parts), default=0)
        return unit_vector(vector, dimensions) if vector is not None and dimensions else None


def _list_nearest(
    parts: Sequence[Part], scores: Sequence[Floats], limit: int, make_hit: Callable[[int, float], Hit]
) -> SearchOutcome:
    """The functions with the highest scores above 0. The confidence is the first one's score."""
    near = [replace(part, shown=part.shown & (score > 0)) for part, score in zip(parts, scores, strict=True)]
    hits = tuple(
        make_hit(int(near[place.part].segment.ids[place.row]), float(scores[place.part][place.row]))
        for place in choose_best(near, scores, limit)
    )
    return SearchOutcome(hits, hits[0].score if hits else 0.0, bool(hits))


def _hit_by_meaning(function: int, cosine: float) -> Hit:
    return Hit(function, cosine, 0.0, cosine, (), f"meaning {cosine:.2f}")


def _hit_by_words(function: int, share: float) -> Hit:
    return Hit(function, share, share, None, (), f"words in common {share:.2f}")


def _find(part: Part, function: int) -> int:
    row = part.segment.row_of(function)
    return row if row >= 0 and part.shown[row] else -1


def _frequency(segment: Segment, term: str) -> int:
    postings = segment.terms.postings(term)
    return len(postings.rows) if postings else 0
