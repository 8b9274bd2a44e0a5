"""Ranking a few candidates as if they were rows of a whole index: for a catalogue that is kept elsewhere.

Scores, order, confidence and explanations come from the same code as for an index of files. Only what a query asks
for is taken out of the candidates.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.live import LiveIndex
from apps.functions.index.packing import find_counts
from apps.functions.index.ranking import Part
from apps.functions.index.segment import Postings, Segment, Span, Statistics, TermIndex, pack_postings
from apps.functions.search.bm25 import compute_impacts, inverse_document_frequency, pack_fields
from apps.functions.search.query import ParsedQuery
from apps.functions.search.spelling import Reading


@dataclass(frozen=True, slots=True)
class Candidates:
    """n functions. `packed` has each one's terms (see packing.py); `vectors`, shape (n, d), has rows of any length
    or zeros where there is none; `keys` are those of each name, empty where names do not matter.
    """

    ids: Sequence[int]
    languages: Sequence[str]
    libraries: Sequence[str]
    popularity: Sequence[float]
    packed: Sequence[bytes]
    vectors: NDArray[np.float32]
    crowding: NDArray[np.float32]
    keys: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True)
class TermsOfQuery(TermIndex):
    """The postings of a query's terms, and names."""

    spans: dict[str, Span]
    everything: Postings
    by_name: dict[str, list[int]]

    def span(self, term: str) -> Span:
        return self.spans.get(term, (0, 0))

    def rows_named(self, key: str) -> list[int]:
        return self.by_name.get(key, [])

    def top_terms(self, row: int) -> list[str]:
        """None: the candidates are those of one query, not a catalogue to compare with."""
        return []

    def find_readings(self, word: str) -> Iterable[Reading]:
        """None, as above."""
        return ()


class CandidateIndex(LiveIndex):
    """An index of the candidates of one query. `statistics` are of the whole catalogue."""

    def __init__(self, segment: Segment, statistics: Statistics) -> None:
        self._parts = [Part(segment, np.ones(len(segment), dtype=np.bool_))]
        self._statistics = statistics


def terms_of_query(query: ParsedQuery) -> list[str]:
    """All terms that ranking looks up for a query, each once."""
    terms: dict[str, None] = {}
    for term in query.terms:
        terms.update(dict.fromkeys((term.term, *term.synonyms)))
    terms.update(dict.fromkeys(query.neighbours.terms))
    return list(terms)


def make_segment(found: Candidates, terms: Sequence[str], statistics: Statistics) -> Segment:
    """The candidates as a segment that knows these terms; the candidates' order is that of its rows."""
    norms = np.linalg.norm(found.vectors, axis=1, keepdims=True)
    has_vector = norms[:, 0] > 0
    counts = find_counts(found.packed, terms)
    by_name: dict[str, list[int]] = {}
    for row, keys in enumerate(found.keys):
        for key in keys:
            by_name.setdefault(key, []).append(row)
    languages, libraries = tuple(dict.fromkeys(found.languages)), tuple(dict.fromkeys(found.libraries))
    idf = inverse_document_frequency(
        np.array([max(statistics.frequency(term), 1) for term in terms], dtype=np.int64), max(statistics.documents, 1)
    )
    impacts = compute_impacts(
        counts.counts, counts.lengths[counts.rows], np.array(statistics.average_lengths), idf[counts.terms]
    )
    bits = pack_fields(counts.counts)
    by_term = {}
    for place in np.unique(counts.terms).tolist():
        own = counts.terms == place
        by_term[terms[place]] = Postings(counts.rows[own], impacts[own], bits[own])
    return Segment(
        ids=np.array(found.ids, dtype=np.int64),
        language_codes=np.array([languages.index(name) for name in found.languages], dtype=np.int16),
        library_codes=np.array([libraries.index(name) for name in found.libraries], dtype=np.int32),
        popularity=np.array(found.popularity, dtype=np.float32),
        vectors=np.divide(found.vectors, norms, out=np.zeros_like(found.vectors), where=norms > 0),
        has_vector=has_vector,
        crowding=found.crowding,
        curated=counts.curated,
        languages=languages,
        libraries=libraries,
        terms=TermsOfQuery(*pack_postings(by_term), by_name),
    )
