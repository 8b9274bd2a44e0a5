"""Scoring one segment for a query, and choosing the best rows of several segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.segment import Postings, Segment, Statistics, Vector
from apps.functions.search.bm25 import inverse_document_frequency
from apps.functions.search.fusion import fuse_scores, share_of_possible, stand_in_semantic
from apps.functions.search.query import QueryTerm
from apps.functions.search.synonyms import SYNONYM_WEIGHT

Floats = NDArray[np.float32]

IN_WORDS = np.float32(0.3)
"""What sharing words counts for beside the score when it is chosen what is looked at again."""

COMPARED_EXACTLY = 1_000
"""Rows of a sketched segment that are near enough by their sketch to be compared by their whole vectors."""


@dataclass(frozen=True, slots=True)
class WeightedTerm:
    """A term of the query and the most that it can add to a score."""

    query: QueryTerm
    weight: float


@dataclass(frozen=True, slots=True)
class FoundTerm:
    """A term of the query in one segment: its postings, if it is there, and those of its synonyms."""

    query: QueryTerm
    weight: float
    own: Postings | None
    synonyms: tuple[Postings, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A segment with the rows that a search may show, shape (n,)."""

    segment: Segment
    shown: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of all rows of a segment, each of shape (n,). `semantic` is None when the query has no vector.

    `terms` are the query's, as the segment has them.
    """

    fused: Floats
    lexical: Floats
    semantic: Floats | None
    terms: tuple[FoundTerm, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a result is: which part, and which row there."""

    part: int
    row: int


def weigh_terms(terms: Sequence[QueryTerm], statistics: Statistics) -> list[WeightedTerm]:
    frequencies = np.array([statistics.frequency(query.term) for query in terms], dtype=np.int64)
    weights = inverse_document_frequency(frequencies, max(statistics.documents, 1))
    return [WeightedTerm(query, float(weight)) for query, weight in zip(terms, weights, strict=True)]


def score_segment(
    segment: Segment, terms: Sequence[WeightedTerm], vector: Vector | None, shown: NDArray[np.bool_] | None = None
) -> Scores:
    """Score every row. `vector` has unit length; without it, or without vectors, the words alone count.

    Where a segment has a sketch, cosines are exact for the best COMPARED_EXACTLY rows of those `shown` (default: all)
    and estimates for the others.
    """
    found = tuple(_find_term(segment, term) for term in terms)
    lexical = share_of_possible(sum_impacts(len(segment), found), sum(term.weight for term in terms))
    if vector is None:
        return Scores(lexical, lexical, None, found)
    if segment.sketch is None:
        semantic = _stand_in(segment, measure_cosines(segment, vector), lexical)
        return Scores(fuse_scores(semantic, lexical, segment.crowding), lexical, semantic, found)
    semantic = _stand_in(segment, segment.sketch.estimate_cosines(vector), lexical)
    fused = fuse_scores(semantic, lexical, segment.crowding)
    near = _choose_near(fused + IN_WORDS * lexical, shown)
    known = near[segment.has_vector[near]]
    semantic[known] = np.clip(segment.vectors[known] @ vector, 0, 1)
    fused[known] = fuse_scores(semantic[known], lexical[known], segment.crowding[known])
    return Scores(fused, lexical, semantic, found)


def _stand_in(segment: Segment, semantic: Floats, lexical: Floats) -> Floats:
    """The cosines, with what is assumed of the rows that have no vector."""
    if segment.has_vector.all():
        return semantic
    return np.where(segment.has_vector, semantic, stand_in_semantic(lexical))


def _choose_near(score: Floats, shown: NDArray[np.bool_] | None) -> NDArray[np.intp]:
    if shown is not None:
        score[~shown] = -1
    first = max(len(score) - COMPARED_EXACTLY, 0)
    return np.sort(np.argpartition(score, first)[first:])  # in rising order they are read faster


def measure_cosines(segment: Segment, vector: Vector) -> Floats:
    """The cosine of every row to a unit vector, from 0 to 1; 0 for those below it and for rows without a vector."""
    if not segment.vectors.shape[1]:
        return np.zeros(len(segment), dtype=np.float32)
    return np.clip(segment.vectors @ vector, 0, 1)


def sum_impacts(count: int, terms: Sequence[FoundTerm]) -> Floats:
    """The BM25 scores of `count` rows. A synonym stands in for a term that is missing, for part of its weight."""
    total = np.zeros(count, dtype=np.float32)
    for term in terms:
        if not term.synonyms:
            if term.own:
                total[term.own.rows] += term.own.impacts
            continue
        best = np.zeros(count, dtype=np.float32)
        for other in term.synonyms:
            reduced = np.minimum(other.impacts, term.weight) * np.float32(SYNONYM_WEIGHT)
            best[other.rows] = np.maximum(best[other.rows], reduced)
        if term.own:
            best[term.own.rows] = np.maximum(best[term.own.rows], term.own.impacts)
        total += best
    return total


def _find_term(segment: Segment, term: WeightedTerm) -> FoundTerm:
    others = (segment.terms.postings(name) for name in term.query.synonyms)
    own = segment.terms.postings(term.query.term)
    return FoundTerm(term.query, term.weight, own, tuple(other for other in others if other))


def choose_best(parts: Sequence[Part], scores: Sequence[Floats], limit: int) -> list[Place]:
    """The rows with the highest scores among those shown, best first; equals by popularity, then by the lower id."""
    if not parts or limit <= 0:
        return []
    score = np.concatenate(scores)
    score[~np.concatenate([part.shown for part in parts])] = -1
    count = min(limit, int(np.count_nonzero(score >= 0)))
    if not count:
        return []
    least = np.partition(score, len(score) - count)[len(score) - count]
    candidates = np.flatnonzero(score >= max(least, 0))
    starts = np.cumsum([0, *(len(part.segment) for part in parts)])
    rows = [candidates[(candidates >= start) & (candidates < end)] - start for start, end in pairwise(starts)]
    popularity = np.concatenate([part.segment.popularity[own] for part, own in zip(parts, rows, strict=True)])
    ids = np.concatenate([part.segment.ids[own] for part, own in zip(parts, rows, strict=True)])
    best = candidates[np.lexsort((ids, -popularity, -score[candidates]))][:count]
    which = np.searchsorted(starts, best, side="right") - 1
    return [Place(part, row) for part, row in zip(which.tolist(), (best - starts[which]).tolist(), strict=True)]
