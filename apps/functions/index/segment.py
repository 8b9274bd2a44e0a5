"""A searchable set of functions as arrays: the mapped files of a snapshot, or an overlay in memory."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.sketch import Sketch
from apps.functions.search.bm25 import weigh_frequency
from apps.functions.search.spelling import Reading

TOP_TERMS = 16
"""How many of a function's most telling terms are kept, for finding similar ones by words."""

Vector = NDArray[np.float32]

_POSTING_TYPES = (np.int32, np.float32, np.uint8)


@dataclass(frozen=True, slots=True)
class Postings:
    """The documents that have a term: their rows in rising order, what the term adds to each, and where it stands."""

    rows: NDArray[np.int32]
    impacts: NDArray[np.float32]
    fields: NDArray[np.uint8]


Span = tuple[int, int]
"""From where to where."""


class TermIndex(ABC):
    """Where the terms and the names of a segment are looked up.

    `everything` are the postings of all terms, one term's after another's.
    """

    everything: Postings

    @abstractmethod
    def span(self, term: str) -> Span:
        """Where a term's postings are; (0, 0) when nothing has it."""

    @abstractmethod
    def rows_named(self, key: str) -> Sequence[int]:
        """The rows of the functions with a name, by its key."""

    @abstractmethod
    def top_terms(self, row: int) -> list[str]:
        """A function's most telling terms, the most telling first."""

    @abstractmethod
    def find_readings(self, word: str) -> Iterable[Reading]:
        """Words that a misspelled one may be."""

    def frequency(self, term: str) -> int:
        """In how many documents a term is."""
        start, end = self.span(term)
        return end - start

    def choose_known(self, terms: Sequence[str]) -> list[int]:
        """The places, among these terms, of those that some document has."""
        return [place for place, term in enumerate(terms) if self.frequency(term)]


def pack_postings(by_term: Mapping[str, Postings]) -> tuple[dict[str, Span], Postings]:
    """Where each term's postings are, and all of them."""
    ends = np.cumsum([len(postings.rows) for postings in by_term.values()]).tolist()
    spans = dict(zip(by_term, pairwise([0, *ends]), strict=True))
    columns = zip(*((one.rows, one.impacts, one.fields) for one in by_term.values()), strict=True)
    arrays = [np.concatenate(each) for each in columns] or [np.zeros(0, dtype=kind) for kind in _POSTING_TYPES]
    return spans, Postings(*map(_protect, arrays))


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a term's weight hangs on: how many documents there are, how long their fields are, who has the term."""

    documents: int
    average_lengths: tuple[float, ...]
    frequency: Callable[[str], int]

    def weigh(self, term: str) -> float:
        """The inverse document frequency of a term: the most that it can add to a score."""
        return weigh_frequency(self.frequency(term), max(self.documents, 1))

    @property
    def most(self) -> float:
        """The weight of a term that no document has: there is no greater one."""
        return weigh_frequency(0, max(self.documents, 1))


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

    def __post_init__(self) -> None:
        # As mapped files are: kernels are compiled anew for arrays that may be written to.
        for each in fields(self):
            if isinstance(value := getattr(self, each.name), np.ndarray):
                _protect(value)

    def __len__(self) -> int:
        return len(self.ids)

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


def _protect(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
