"""Scoring one segment for a query, and choosing the best rows of several segments."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.segment import Segment, Statistics, Vector
from apps.functions.search.fusion import fuse_scores, stand_in_semantic
from apps.functions.search.query import QueryTerm
from apps.functions.search.synonyms import SYNONYM_WEIGHT

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

IN_WORDS = np.float32(0.3)
"""What sharing words counts for beside the score when it is chosen what is looked at again."""

COMPARED_EXACTLY = 300
"""So many rows of a sketched segment at least, and a hundredth of them, are near enough by their sketch to be compared
by their whole vectors."""

EVERY_SCORE = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class WeightedTerms:
    """t terms of a query, and the most that each can add to a score; `array` has the same, shape (t,)."""

    queries: Sequence[QueryTerm]
    weights: Sequence[float]
    array: Floats

    def __len__(self) -> int:
        return len(self.queries)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a search is for; None is any."""

    language: str | None = None
    library: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A segment with the rows that a search may show, shape (n,)."""

    segment: Segment
    shown: NDArray[np.bool_]

    def choose(self, rows: Rows, scope: Scope) -> Rows:
        """Those of a few rows that may be shown for a scope."""
        allowed = self.shown[rows]
        if scope.language is not None:
            allowed &= self.segment.language_codes[rows] == _code(self.segment.languages, scope.language)
        if scope.library is not None:
            allowed &= self.segment.library_codes[rows] == _code(self.segment.libraries, scope.library)
        return rows[allowed]


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of all rows of a segment, each of shape (n,), and which rows may be found, in rising order.

    `semantic` is None when the query has no vector: then only rows that have one of its words are found. `lists` are
    the postings of the query's terms (see `search.kernels`).
    """

    fused: Floats
    lexical: Floats
    semantic: Floats | None
    allowed: Rows
    lists: NDArray[np.int64]

    @property
    def chances(self) -> Floats:
        """By which it is chosen what is looked at again."""
        return self.fused + IN_WORDS * self.lexical


@dataclass(frozen=True, slots=True)
class Chosen:
    """c rows, best first: which part each is of, which row there, and its function's id; each of shape (c,)."""

    parts: Rows
    rows: Rows
    ids: Rows

    def __len__(self) -> int:
        return len(self.rows)


def weigh_terms(terms: Sequence[QueryTerm], statistics: Statistics) -> WeightedTerms:
    weights = [statistics.weigh(query.term) for query in terms]
    return WeightedTerms(terms, weights, np.array(weights, dtype=np.float32))


def sum_worth(terms: WeightedTerms, statistics: Statistics) -> float:
    """What terms weigh together, as a multiple of a term that no document has; joined ones say nothing of their own."""
    own = [weight for query, weight in zip(terms.queries, terms.weights, strict=True) if not query.joins]
    return sum(own) / statistics.most


def score_part(part: Part, scope: Scope, terms: WeightedTerms, vector: Vector | None) -> Scores:
    """Score every row. `vector` has unit length; without it, or without vectors, the words alone count.

    Where the segment has a sketch, cosines are exact for the best of the rows that are allowed (COMPARED_EXACTLY) and
    estimates for the others.
    """
    segment = part.segment
    lists = _list_terms(segment, terms.queries)
    lexical = _score_words(segment, lists, terms)
    if vector is None:
        return Scores(lexical, lexical, None, list_allowed(part, scope, lexical), lists)
    estimates = segment.sketch.estimate_cosines(vector) if segment.sketch else measure_cosines(segment, vector)
    semantic = _stand_in(segment, estimates, lexical)
    fused = fuse_scores(semantic, lexical, segment.crowding)
    scores = Scores(fused, lexical, semantic, list_allowed(part, scope), lists)
    if segment.sketch:
        from apps.functions.search.kernels import measure_some
        from apps.functions.search.selecting import choose_set

        compared = max(COMPARED_EXACTLY, len(segment) // 100)
        near = choose_set(scores.chances, scores.allowed, segment.popularity, segment.ids, compared)
        known = near[segment.has_vector[near]]
        semantic[known] = measure_some(segment.vectors, known, vector)
        fused[known] = fuse_scores(semantic[known], lexical[known], segment.crowding[known])
    return scores


def _list_terms(segment: Segment, terms: Sequence[QueryTerm]) -> NDArray[np.int64]:
    """The postings of terms and of the words that mean the same, as `kernels` takes them."""
    from apps.functions.search.kernels import ALIKE, OWN

    found: list[int] = []
    span = segment.terms.span
    for number, term in enumerate(terms):
        found += (*span(term.term), number, OWN)
        for synonym in term.synonyms:
            found += (*span(synonym), number, ALIKE)
    return np.array(found, dtype=np.int64).reshape(-1, 4)


def list_allowed(part: Part, scope: Scope, above: Floats = EVERY_SCORE) -> Rows:
    """The rows that may be shown for a scope and, where `above` has a number for each, have one above 0."""
    from apps.functions.search.selecting import ANY, list_shown

    segment = part.segment
    language = ANY if scope.language is None else _code(segment.languages, scope.language)
    library = ANY if scope.library is None else _code(segment.libraries, scope.library)
    return list_shown(part.shown, segment.language_codes, language, segment.library_codes, library, above)


def choose_best(parts: Sequence[Part], scores: Sequence[Floats], allowed: Sequence[Rows], limit: int) -> Chosen:
    """The allowed rows with the highest scores, best first; equals by popularity, then by the lower id.

    There is one part at least.
    """
    chosen = [
        _choose(number, part.segment, score, own, limit)
        for number, (part, score, own) in enumerate(zip(parts, scores, allowed, strict=True))
    ]
    if len(chosen) == 1:
        return chosen[0]
    best = Chosen(*(np.concatenate([getattr(one, name) for one in chosen]) for name in ("parts", "rows", "ids")))
    score = np.concatenate([score[one.rows] for score, one in zip(scores, chosen, strict=True)])
    popularity = np.concatenate([part.segment.popularity[one.rows] for part, one in zip(parts, chosen, strict=True)])
    order = np.lexsort((best.ids, -popularity, -score))[:limit]
    return Chosen(best.parts[order], best.rows[order], best.ids[order])


def _choose(number: int, segment: Segment, scores: Floats, allowed: Rows, limit: int) -> Chosen:
    """The best of one part, by its number."""
    rows = _choose_rows(segment, scores, allowed, limit)
    return Chosen(np.full(len(rows), number), rows, segment.ids[rows])


def measure_cosines(segment: Segment, vector: Vector) -> Floats:
    """The cosine of every row to a unit vector, from 0 to 1; 0 for those below it and for rows without a vector."""
    from apps.functions.search.kernels import measure_rows

    if not segment.vectors.shape[1]:
        return np.zeros(len(segment), dtype=np.float32)
    return measure_rows(segment.vectors, vector)


def _score_words(segment: Segment, lists: NDArray[np.int64], terms: WeightedTerms) -> Floats:
    """BM25 scores as parts of the most that a row could score, the sum of the terms' weights."""
    from apps.functions.search.kernels import score_words

    postings = segment.terms.everything
    possible, synonyms = np.float32(sum(terms.weights)), np.float32(SYNONYM_WEIGHT)
    return score_words(len(segment), postings.rows, postings.impacts, lists, terms.array, synonyms, possible)


def _choose_rows(segment: Segment, scores: Floats, allowed: Rows, limit: int) -> Rows:
    from apps.functions.search.selecting import choose_rows

    return choose_rows(scores, allowed, segment.popularity, segment.ids, max(limit, 0))


def _stand_in(segment: Segment, semantic: Floats, lexical: Floats) -> Floats:
    """The cosines, with what is assumed of the rows that have no vector."""
    if segment.has_vector.all():
        return semantic
    return np.where(segment.has_vector, semantic, stand_in_semantic(lexical))


def _code(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else -1
