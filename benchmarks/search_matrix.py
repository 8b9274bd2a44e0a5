"""All scores of a query set at once, so that many settings can be tried in seconds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.functions.search.bm25 import Bm25Parameters, compute_impacts, count_terms, inverse_document_frequency
from apps.functions.search.crowding import measure_crowding
from apps.functions.search.query import ParsedQuery, parse_query
from benchmarks.search_sets import QuerySet, VectorCache

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Counts:
    """Every posting of a catalogue, by term: `first[term]` to `first[term + 1]` are the postings of `terms[term]`."""

    terms: dict[str, int]
    first: NDArray[np.int64]
    rows: NDArray[np.int64]
    counts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    documents: int


@dataclass(frozen=True, slots=True)
class Scored:
    """A query set with its cosines (queries, documents), crowding (documents,) and term counts."""

    given: QuerySet
    parsed: list[ParsedQuery]
    cosines: Matrix
    crowding: NDArray[np.float32]
    allowed: NDArray[np.bool_]
    counts: Counts


def score_set(given: QuerySet, vectors: VectorCache) -> Scored:
    available = {document.language for document in given.documents}
    parsed = [
        parse_query(query, language=language, available=available)
        for query, language in zip(given.queries, given.languages, strict=True)
    ]
    of_documents = vectors.embed_documents(given.documents)
    cosines = vectors.embed_queries(given.queries) @ of_documents.T
    language = np.array([document.language for document in given.documents])
    wanted = np.array([query.language or "" for query in parsed])
    allowed = (wanted[:, None] == "") | (wanted[:, None] == language[None])
    crowding = measure_crowding(of_documents, of_documents)
    return Scored(given, parsed, np.clip(cosines, 0, 1), crowding, allowed, count_postings(given))


def count_postings(given: QuerySet) -> Counts:
    counted = [count_terms(document) for document in given.documents]
    rows_of: dict[str, list[int]] = {}
    for row, one in enumerate(counted):
        for term in one.counts:
            rows_of.setdefault(term, []).append(row)
    rows = np.array([row for rows in rows_of.values() for row in rows])
    lengths = np.array([one.lengths for one in counted])
    return Counts(
        terms={term: number for number, term in enumerate(rows_of)},
        first=np.cumsum([0, *(len(rows) for rows in rows_of.values())]),
        rows=rows,
        counts=np.array([counted[row].counts[term] for term, found in rows_of.items() for row in found]),
        lengths=lengths,
        documents=len(counted),
    )


def score_words(scored: Scored, parameters: Bm25Parameters, synonym_weight: float) -> Matrix:
    """Each document's share of the possible BM25 score, (queries, documents)."""
    counts = scored.counts
    frequency = np.diff(counts.first)
    idf = np.repeat(inverse_document_frequency(frequency, counts.documents), frequency)
    average = counts.lengths.mean(axis=0)
    impacts = compute_impacts(counts.counts, counts.lengths[counts.rows], average, idf, parameters)
    result = np.zeros((len(scored.parsed), counts.documents), dtype=np.float32)
    for place, query in enumerate(scored.parsed):
        result[place] = _score_query(query, counts, impacts, synonym_weight)
    return result


def _score_query(query: ParsedQuery, counts: Counts, impacts: Matrix, synonym_weight: float) -> Matrix:
    total, possible = np.zeros(counts.documents, dtype=np.float32), 0.0
    for term in query.terms:
        number = counts.terms.get(term.term)
        found = 0 if number is None else counts.first[number + 1] - counts.first[number]
        weight = float(inverse_document_frequency(np.array([found]), counts.documents)[0])
        possible += weight
        best = np.zeros(counts.documents, dtype=np.float32)
        for name in term.synonyms if synonym_weight else ():
            rows, added = _slice(counts, impacts, name)
            best[rows] = np.maximum(best[rows], np.minimum(added, weight) * synonym_weight)
        rows, added = _slice(counts, impacts, term.term)
        best[rows] = np.maximum(best[rows], added)
        total += best
    return total / np.float32(possible) if possible else total


def _slice(counts: Counts, impacts: Matrix, term: str) -> tuple[NDArray[np.int64], Matrix]:
    number = counts.terms.get(term)
    part = slice(0, 0) if number is None else slice(counts.first[number], counts.first[number + 1])
    return counts.rows[part], impacts[part]


def reciprocal_ranks(scored: Scored, scores: Matrix) -> NDArray[np.float64]:
    """1 / rank of the right document of each query, 0 beyond the tenth; of equals the lower id is first."""
    right = scored.given.right
    shown = np.where(scored.allowed, scores, -1)
    own = shown[np.arange(len(right)), right][:, None]
    before = np.arange(shown.shape[1])[None] < right[:, None]
    rank = (shown > own).sum(axis=1) + ((shown == own) & before).sum(axis=1) + 1
    return np.where((rank <= 10) & (own[:, 0] >= 0), 1 / rank, 0.0)
