"""First pass of a build: reads the entries once and leaves what they hold in files, so that memory stays small."""

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.arrays import ArrayWriter
from apps.functions.index.segment import unit_vector
from apps.functions.index.vocabulary import count_words
from apps.functions.search.bm25 import FIELDS, TermCounts, count_terms
from apps.functions.search.documents import Document
from apps.functions.search.names import keys_of_name

BLOCK = 1_024
MOST_COUNTED = 65_535

Entry = tuple[Document, Any]
"""A function and its vector, None where it has none yet."""

# Files of one value or row a function, and of one a posting.
BY_FUNCTION = {
    "ids": (np.int64, ()),
    "language_codes": (np.int16, ()),
    "library_codes": (np.int32, ()),
    "popularity": (np.float32, ()),
    "has_vector": (np.bool_, ()),
    "curated": (np.bool_, ()),
    "spool_sizes": (np.int32, ()),
    "spool_lengths": (np.int32, (len(FIELDS),)),
}
BY_POSTING = {"spool_terms": (np.int32, ()), "spool_counts": (np.uint16, (len(FIELDS),))}


@dataclass(slots=True)
class Spool:
    """What the first pass found. `terms` and the labels give each string its number, in order of first appearance."""

    terms: dict[str, int] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    libraries: dict[str, int] = field(default_factory=dict)
    rows_by_name: dict[str, list[int]] = field(default_factory=dict)
    words: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    with_vectors: int = 0
    dimensions: int = 0
    total_lengths: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(FIELDS), dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Counted:
    """An entry as it is written: its terms counted, its vector made unit length."""

    document: Document
    vector: NDArray[np.float32] | None
    counted: TermCounts


def spool_entries(folder: Path, entries: Iterable[Entry]) -> Spool:
    """Write the files of BY_FUNCTION and BY_POSTING, and vectors.npy.

    Raises ValueError for an id that comes twice and for vectors of different lengths or with values that are none.
    """
    seen: set[int] = set()
    with ExitStack() as stack:
        spooler = Spooler(folder, stack)
        for document, vector in entries:
            if document.id in seen:
                raise ValueError(f"the function {document.id} comes twice")
            seen.add(document.id)
            spooler.add(document, vector)
        return spooler.finish()


class Spooler:
    """Writes entries in blocks."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.spool = Spool()
        self._folder, self._stack = folder, stack
        self._block: list[Counted] = []
        self._vectors: ArrayWriter | None = None
        self._writers = {
            name: stack.enter_context(ArrayWriter(folder / f"{name}.npy", dtype, row))
            for name, (dtype, row) in (BY_FUNCTION | BY_POSTING).items()
        }

    def add(self, document: Document, vector: Any) -> None:
        unit = None if vector is None else unit_vector(vector, self.spool.dimensions or None)
        if unit is not None:
            self.spool.dimensions = len(unit)
        self._block.append(Counted(document, unit, count_terms(document)))
        if len(self._block) >= BLOCK:
            self._flush()

    def finish(self) -> Spool:
        self._flush()
        if self._vectors is None:
            self._open_vectors()
        return self.spool

    def _flush(self) -> None:
        self._write_functions()
        self._write_postings()
        self._write_vectors()
        self.spool.documents += len(self._block)
        self.spool.with_vectors += sum(counted.vector is not None for counted in self._block)
        self._block = []

    def _write_functions(self) -> None:
        spool, writers = self.spool, self._writers
        documents = [counted.document for counted in self._block]
        writers["ids"].append([document.id for document in documents])
        writers["language_codes"].append([_number(spool.languages, document.language) for document in documents])
        writers["library_codes"].append([_number(spool.libraries, document.library) for document in documents])
        writers["popularity"].append([document.popularity for document in documents])
        writers["curated"].append([document.is_curated for document in documents])
        writers["has_vector"].append([counted.vector is not None for counted in self._block])
        spool.words.update(count_words(documents))
        for row, document in enumerate(documents, start=spool.documents):
            for key in keys_of_name(document.name, document.library):
                spool.rows_by_name.setdefault(key, []).append(row)

    def _write_postings(self) -> None:
        for counted in (counted.counted for counted in self._block):
            terms = [_number(self.spool.terms, term) for term in counted.counts]
            counts = np.array(list(counted.counts.values()), dtype=np.int64).reshape(-1, len(FIELDS))
            lengths = np.array(counted.lengths, dtype=np.int64)
            self._writers["spool_terms"].append(terms)
            self._writers["spool_counts"].append(np.minimum(counts, MOST_COUNTED))
            self._writers["spool_sizes"].append([len(terms)])
            self._writers["spool_lengths"].append(lengths)
            self.spool.total_lengths += lengths

    def _write_vectors(self) -> None:
        if self._vectors is None and self.spool.dimensions:
            self._open_vectors()
        if self._vectors is not None:
            nothing = np.zeros(self.spool.dimensions, dtype=np.float32)
            for counted in self._block:
                self._vectors.append(nothing if counted.vector is None else counted.vector)

    def _open_vectors(self) -> None:
        """The number of dimensions is known from the first vector on; the functions before it get zeros."""
        row = (self.spool.dimensions,)
        self._vectors = self._stack.enter_context(ArrayWriter(self._folder / "vectors.npy", np.float32, row))
        for start in range(0, self.spool.documents, BLOCK):
            self._vectors.append(np.zeros((min(BLOCK, self.spool.documents - start), *row), dtype=np.float32))


def _number(numbers: dict[str, int], name: str) -> int:
    return numbers.setdefault(name, len(numbers))
