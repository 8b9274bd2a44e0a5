"""A generation of the index, opened: mapped arrays that all processes share through the page cache."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.arrays import SortedStrings, open_array, open_strings
from apps.functions.index.manifest import CURRENT, Manifest, ManifestInvalid, read_current, read_generation
from apps.functions.index.segment import Postings, Segment, Span, Statistics, TermIndex
from apps.functions.index.sketch import open_sketch
from apps.functions.index.vocabulary import Vocabulary, open_vocabulary
from apps.functions.search.spelling import Reading

ATTEMPTS = 3

Mark = tuple[int, int, int]
"""What tells one CURRENT file from another without reading it."""


@dataclass(frozen=True, slots=True)
class MappedTerms(TermIndex):
    """The terms and names of a generation, in their files."""

    terms: SortedStrings
    names: SortedStrings
    posting_offsets: memoryview
    everything: Postings
    name_offsets: NDArray[np.int64]
    name_rows: NDArray[np.int32]
    top: NDArray[np.int32]
    vocabulary: Vocabulary

    def span(self, term: str) -> Span:
        place = self.terms.find(term)
        return (0, 0) if place < 0 else (self.posting_offsets[place], self.posting_offsets[place + 1])

    def choose_known(self, terms: Sequence[str]) -> list[int]:
        return self.terms.choose_known(terms)

    def rows_named(self, key: str) -> list[int]:
        place = self.names.find(key)
        if place < 0:
            return []
        rows: list[int] = self.name_rows[self.name_offsets[place] : self.name_offsets[place + 1]].tolist()
        return rows

    def top_terms(self, row: int) -> list[str]:
        return [self.terms[place] for place in self.top[row].tolist() if place >= 0]

    def find_readings(self, word: str) -> Iterable[Reading]:
        return self.vocabulary.find_readings(word)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An opened generation. It stays readable for as long as it is held, whatever is built meanwhile."""

    root: Path
    manifest: Manifest
    segment: Segment
    statistics: Statistics
    mark: Mark

    def is_stale(self) -> bool:
        """Whether another generation has become the current one. Costs one stat."""
        return read_mark(self.root) != self.mark


def open_current(root: Path, known: Snapshot | None = None) -> Snapshot | None:
    """Open the current generation; `known` is given back while it is the current one.

    None when there is no index, or none that is whole and of this format: it has to be built then.
    """
    root = Path(root)
    if known is not None and known.root == root and not known.is_stale():
        return known
    for _ in range(ATTEMPTS):
        # A generation may be removed between reading its name and opening it; then there is a newer one.
        mark = read_mark(root)
        if mark is None:
            return None
        try:
            return open_generation(root, read_current(root), mark)
        except (OSError, ManifestInvalid):
            continue
    return None


def open_generation(root: Path, generation: str, mark: Mark) -> Snapshot:
    """Map the files of a generation. Raises OSError or ManifestInvalid."""
    folder = root / generation
    manifest = read_generation(folder)
    try:
        terms = _open_terms(folder)
        segment = Segment(
            languages=manifest.languages,
            libraries=manifest.libraries,
            terms=terms,
            sketch=open_sketch(folder),
            **{name: open_array(folder / f"{name}.npy") for name in ARRAYS},
        )
    except ValueError as error:
        raise ManifestInvalid(f"{generation} has a broken file: {error}") from error
    statistics = Statistics(manifest.documents, manifest.average_lengths, terms.frequency)
    return Snapshot(root, manifest, segment, statistics, mark)


ARRAYS = ("ids", "language_codes", "library_codes", "popularity", "vectors", "has_vector", "crowding", "curated")


def read_mark(root: Path) -> Mark | None:
    """The mark of the current generation; None when there is none."""
    try:
        status = os.stat(root / CURRENT)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _open_terms(folder: Path) -> MappedTerms:
    return MappedTerms(
        terms=open_strings(folder, "terms"),
        names=open_strings(folder, "names"),
        posting_offsets=open_array(folder / "posting_offsets.npy").data,
        everything=Postings(*(open_array(folder / f"posting_{name}.npy") for name in ("rows", "impacts", "fields"))),
        name_offsets=open_array(folder / "name_rows_offsets.npy"),
        name_rows=open_array(folder / "name_rows.npy"),
        top=open_array(folder / "top_terms.npy"),
        vocabulary=open_vocabulary(folder),
    )
