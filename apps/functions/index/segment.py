"""A searchable set of functions as arrays: the mapped files of a snapshot, or an overlay in memory."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.sketch import Sketch
from apps.functions.search.spelling import Reading

TOP_TERMS = 16
"""How many of a function's most telling terms are kept, for finding similar ones by words."""

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Postings:
    """The documents that have a term: their rows in rising order, what the term adds to each, and where it stands."""

    rows: NDArray[np.int32]
    impacts: NDArray[np.float32]
    fields: NDArray[np.uint8]

    def fields_of(self, rows: NDArray[np.int32]) -> NDArray[np.uint8]:
        """The bits of the fields in which each of these documents has the term; 0 where it has it nowhere."""
        # Of the same type as the rows here, or NumPy would convert these, however many.
        places = np.minimum(self.rows.searchsorted(rows), len(self.rows) - 1)
        return np.where(self.rows[places] == rows, self.fields[places], 0)


class TermIndex(Protocol):
    """Where the terms and the names of a segment are looked up."""

    def postings(self, term: str) -> Postings | None: ...

    def rows_named(self, key: str) -> Sequence[int]: ...

    def top_terms(self, row: int) -> list[str]: ...

    def find_readings(self, word: str) -> Iterable[Reading]: ...


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a term's weight hangs on: how many documents there are, how long their fields are, who has the term."""

    documents: int
    average_lengths: tuple[float, ...]
    frequency: Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Segment:
    """n functions. Row i of every array is of the function `ids[i]`.

    `vectors` (n, d) has unit rows, or zeros where `has_vector` is False. `language_codes` and `library_codes` count
    in `languages` and `libraries`; `curated` functions were described for search. A `sketch` says that they are many.
    """

    ids: NDArray[np.int64]
    language_codes: NDArray[np.int16]
    library_codes: NDArray[np.int32]
    popularity: NDArray[np.float32]
    vectors: NDArray[np.float32]
    has_vector: NDArray[np.bool_]
    crowding: NDArray[np.float32]
    curated: NDArray[np.bool_]
    languages: tuple[str, ...]
    libraries: tuple[str, ...]
    terms: TermIndex
    sketch: Sketch | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, language: str | None, library: str | None) -> NDArray[np.bool_]:
        """Which functions a filter lets through, shape (n,)."""
        chosen = np.ones(len(self), dtype=np.bool_)
        if language is not None:
            chosen &= self.language_codes == _code(self.languages, language)
        if library is not None:
            chosen &= self.library_codes == _code(self.libraries, library)
        return chosen

    def row_of(self, function: int) -> int:
        """The row of a function's id, or -1."""
        rows = np.flatnonzero(self.ids == function)
        return int(rows[0]) if len(rows) else -1


def unit_vector(vector: Any, dimensions: int | None) -> Vector | None:
    """A vector as float32 of length 1; None for one without direction. Raises ValueError for a wrong shape or NaN."""
    array = np.asarray(vector, dtype=np.float32).reshape(-1)
    if dimensions is not None and len(array) != dimensions:
        raise ValueError(f"a vector has {len(array)} dimensions, the others have {dimensions}")
    norm = float(np.linalg.norm(array))
    if not np.isfinite(norm):
        raise ValueError("a vector has a value that is no number")
    return array / np.float32(norm) if norm > 0 else None


def _code(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else -1
