"""BM25F with eager impacts: what a term adds to a document's score is computed when the index is built.

The formula is the simple BM25F of Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond"
(Foundations and Trends in Information Retrieval 3(4), 2009), section 3.6: occurrences in a field are normalised by
that field's length and weighted, then summed over fields and saturated once. The inverse document frequency is
Lucene's, `ln(1 + (N - df + 0.5) / (df + 0.5))`, which is never negative. Storing the finished product per posting
follows Lù, "BM25S" (arXiv:2407.03618, 2024): a query only adds slices.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.functions.search.documents import Document
from apps.functions.search.tokens import MAX_CHARACTERS, analyse

MAX_NAME = 1_000
FIELDS = ("name", "identifiers", "signature", "description", "keywords", "body", "action", "data_type")
TELLING = ("name", "signature", "description", "keywords", "action", "data_type")
"""The fields in which authors say what a function does; the others have its code."""

# Bounded, so that no text makes it slow.
_CALL = re.compile(r"\b([^\W\d]\w{0,63})\s{0,4}\(")

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Bm25Parameters:
    """`weights` and `lengths` (the parameter b, 0 to 1) have one number a field; `saturation` is k1."""

    weights: tuple[float, ...]
    lengths: tuple[float, ...]
    saturation: float


# Chosen by `python -m benchmarks.search_tuning words`; the figures are flat around them.
DEFAULT_PARAMETERS = Bm25Parameters(
    weights=(2.0, 0.3, 0.5, 3.0, 2.0, 0.7, 1.0, 1.0), lengths=(0.75,) * 8, saturation=1.2
)


@dataclass(frozen=True, slots=True)
class TermCounts:
    """How often each term is in each field, and each field's length in terms."""

    counts: dict[str, tuple[int, ...]]
    lengths: tuple[int, ...]


def count_terms(document: Document) -> TermCounts:
    """The terms of a document by field, in the order of FIELDS."""
    by_field = [analyse(text) for text in field_texts(document)]
    counts: dict[str, list[int]] = {}
    for field, terms in enumerate(by_field):
        for term, count in Counter(terms).items():
            counts.setdefault(term, [0] * len(FIELDS))[field] = count
    return TermCounts({term: tuple(row) for term, row in counts.items()}, tuple(len(terms) for terms in by_field))


def field_texts(document: Document) -> tuple[str, ...]:
    """The text of each field, in the order of FIELDS. `identifiers` are the functions that the code calls."""
    own = re.split(r"\W+", document.name[-MAX_NAME:])[-1]
    calls = (name for name in _CALL.findall(document.code[:MAX_CHARACTERS]) if name != own)
    return (
        document.name,
        " ".join(calls),
        document.signature,
        document.description,
        " ".join(document.keywords),
        document.code,
        document.action,
        document.data_type,
    )


def inverse_document_frequency(frequency: NDArray[np.integer], documents: int) -> NDArray[np.float64]:
    """The weight of terms that are in `frequency` of `documents` documents; above 0 for every term."""
    df = np.asarray(frequency, dtype=np.float64)
    return np.log1p((documents - df + 0.5) / (df + 0.5))


def weigh_frequency(frequency: int, documents: int) -> float:
    """The same for a single term."""
    return math.log1p((documents - frequency + 0.5) / (frequency + 0.5))


def compute_impacts(
    counts: NDArray[np.number],
    lengths: NDArray[np.number],
    average_lengths: Floats,
    idf: Floats,
    parameters: Bm25Parameters = DEFAULT_PARAMETERS,
) -> NDArray[np.float32]:
    """What each of p postings adds to its document's score, shape (p,); it is above 0 and below its idf.

    `counts` and `lengths`, shape (p, fields), have the term's occurrences and the field's length in the posting's
    document; `average_lengths`, shape (fields,), is over all documents; `idf`, shape (p,), is the posting's term's.
    """
    b = np.asarray(parameters.lengths, dtype=np.float32)
    average = np.maximum(np.asarray(average_lengths, dtype=np.float32), 1e-9)
    norms = 1 - b + b * (np.asarray(lengths, dtype=np.float32) / average)
    # A field in which the term does not occur adds nothing, whatever its norm; b = 1 and length 0 gives norm 0.
    occurrences = np.asarray(counts, dtype=np.float32)
    weighted = np.divide(occurrences, norms, out=np.zeros_like(occurrences), where=occurrences > 0)
    # Field by field: a matrix product would round differently with the number of postings.
    frequency = np.zeros(len(occurrences), dtype=np.float32)
    for field, weight in enumerate(parameters.weights):
        frequency += np.float32(weight) * weighted[:, field]
    return np.asarray(idf * frequency / (parameters.saturation + frequency), dtype=np.float32)


def pack_fields(counts: NDArray[np.number]) -> NDArray[np.uint8]:
    """One bit a field that has the term, the first field lowest: shape (p, fields) becomes (p,)."""
    bits = np.asarray([1 << field for field in range(len(FIELDS))], dtype=np.uint8)
    return ((np.asarray(counts) > 0) * bits).sum(axis=1, dtype=np.uint8)


def unpack_fields(bits: int) -> tuple[str, ...]:
    """The names of the fields in a number of `pack_fields`."""
    return tuple(name for field, name in enumerate(FIELDS) if bits >> field & 1)


def average_length(totals: Sequence[int], documents: int) -> tuple[float, ...]:
    """The average length of each field; zero when there are no documents."""
    return tuple(total / documents if documents else 0.0 for total in totals)
