"""What changed since the snapshot: scored with the snapshot's statistics, in place of the snapshot's own rows."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.segment import (
    TOP_TERMS,
    Postings,
    Segment,
    Span,
    Statistics,
    TermIndex,
    pack_postings,
    unit_vector,
)
from apps.functions.index.spool import Entry
from apps.functions.index.vocabulary import Vocabulary, count_words, make_vocabulary
from apps.functions.search.bm25 import (
    FIELDS,
    TermCounts,
    average_length,
    compute_impacts,
    count_terms,
    inverse_document_frequency,
    pack_fields,
)
from apps.functions.search.crowding import choose_sample, measure_crowding
from apps.functions.search.documents import Document
from apps.functions.search.fusion import TYPICAL_CROWDING
from apps.functions.search.names import keys_of_name
from apps.functions.search.spelling import Reading


@dataclass(frozen=True, slots=True)
class Overlay:
    """Functions that are new or edited, with their vectors, and the ids whose rows in the snapshot no longer count.

    An entry's id need not be in `hidden`: it always takes the place of the snapshot's row.
    """

    entries: Sequence[Entry] = ()
    hidden: Collection[int] = field(default_factory=frozenset)

    @property
    def masked(self) -> set[int]:
        """The ids that the snapshot must not show."""
        return {document.id for document, _ in self.entries} | set(self.hidden)


@dataclass(frozen=True, slots=True)
class TermsInMemory(TermIndex):
    """The terms and names of a small segment."""

    spans: dict[str, Span]
    everything: Postings
    by_name: dict[str, list[int]]
    top: list[list[str]]
    vocabulary: Vocabulary

    def span(self, term: str) -> Span:
        return self.spans.get(term, (0, 0))

    def rows_named(self, key: str) -> list[int]:
        return self.by_name.get(key, [])

    def top_terms(self, row: int) -> list[str]:
        return self.top[row]

    def find_readings(self, word: str) -> Iterable[Reading]:
        return self.vocabulary.find_readings(word)


def build_segment(entries: Sequence[Entry], statistics: Statistics | None, base: Segment | None) -> Segment:
    """A segment in memory, scored as if its functions were in `base`, whose `statistics` count.

    Without a base the entries' own statistics count. Raises ValueError for vectors of another length than the base's.
    """
    documents = [document for document, _ in entries]
    counted = [count_terms(document) for document in documents]
    vectors, has_vector = _stack_vectors([vector for _, vector in entries], base)
    languages, libraries = (
        list(dict.fromkeys(getattr(document, name) for document in documents)) for name in ("language", "library")
    )
    return Segment(
        ids=np.array([document.id for document in documents], dtype=np.int64),
        language_codes=np.array([languages.index(document.language) for document in documents], dtype=np.int16),
        library_codes=np.array([libraries.index(document.library) for document in documents], dtype=np.int32),
        popularity=np.array([document.popularity for document in documents], dtype=np.float32),
        vectors=vectors,
        has_vector=has_vector,
        crowding=_crowding(vectors, has_vector, base),
        curated=np.array([document.is_curated for document in documents], dtype=np.bool_),
        languages=tuple(languages),
        libraries=tuple(libraries),
        terms=_index_terms(documents, counted, statistics or count_statistics(counted)),
    )


def count_statistics(counted: Sequence[TermCounts]) -> Statistics:
    """The statistics of these documents by themselves."""
    frequency: dict[str, int] = {}
    for terms in counted:
        for term in terms.counts:
            frequency[term] = frequency.get(term, 0) + 1
    totals = [sum(terms.lengths[position] for terms in counted) for position in range(len(FIELDS))]
    return Statistics(len(counted), average_length(totals, len(counted)), lambda term: frequency.get(term, 0))


def _stack_vectors(vectors: Sequence[Any], base: Segment | None) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    dimensions = (base.vectors.shape[1] if base else 0) or None
    units = []
    for vector in vectors:
        unit = None if vector is None else unit_vector(vector, dimensions)
        dimensions = len(unit) if unit is not None else dimensions
        units.append(unit)
    stacked = np.zeros((len(units), dimensions or 0), dtype=np.float32)
    for row, unit in enumerate(units):
        if unit is not None:
            stacked[row] = unit
    return stacked, np.array([unit is not None for unit in units], dtype=np.bool_)


def _crowding(vectors: NDArray[np.float32], has_vector: NDArray[np.bool_], base: Segment | None) -> NDArray[np.float32]:
    """Measured beside the base where it has vectors, among the functions themselves otherwise."""
    crowding = np.full(len(vectors), TYPICAL_CROWDING, dtype=np.float32)
    beside = np.flatnonzero(base.has_vector) if base else np.zeros(0, dtype=np.int64)
    if len(beside) and base:
        sample = base.vectors[beside[choose_sample(len(beside))]]
        crowding[has_vector] = measure_crowding(vectors[has_vector], sample, itself_in_sample=False)
        crowding[~has_vector] = base.crowding[beside].mean()
    elif has_vector.any():
        own = vectors[has_vector]
        crowding[has_vector] = measure_crowding(own, own)
        crowding[~has_vector] = crowding[has_vector].mean()
    return crowding


def _index_terms(documents: Sequence[Document], counted: Sequence[TermCounts], statistics: Statistics) -> TermsInMemory:
    rows_of: dict[str, list[int]] = {}
    for row, terms in enumerate(counted):
        for term in terms.counts:
            rows_of.setdefault(term, []).append(row)
    average = np.array(statistics.average_lengths)
    by_term = {}
    for term, rows in rows_of.items():
        counts = np.array([counted[row].counts[term] for row in rows])
        lengths = np.array([counted[row].lengths for row in rows])
        # A term that the snapshot does not know counts as one of a single document.
        frequency = np.full(len(rows), max(statistics.frequency(term), 1))
        idf = inverse_document_frequency(frequency, max(statistics.documents, 1))
        impacts = compute_impacts(counts, lengths, average, idf)
        by_term[term] = Postings(np.array(rows, dtype=np.int32), impacts, pack_fields(counts))
    by_name: dict[str, list[int]] = {}
    for row, document in enumerate(documents):
        for key in keys_of_name(document.name, document.library):
            by_name.setdefault(key, []).append(row)
    top = [_top_terms(by_term, row, terms) for row, terms in enumerate(counted)]
    return TermsInMemory(*pack_postings(by_term), by_name, top, make_vocabulary(count_words(documents)))


def _top_terms(by_term: dict[str, Postings], row: int, counted: TermCounts) -> list[str]:
    weighted = []
    for term in counted.counts:
        postings = by_term[term]
        weighted.append((-float(postings.impacts[np.searchsorted(postings.rows, row)]), term.encode(), term))
    return [term for _, _, term in sorted(weighted)[:TOP_TERMS]]
