"""Second pass of a build: postings sorted by term, with their impacts, written block by block."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.arrays import ArrayWriter, create_array, encode, open_array, write_array, write_strings
from apps.functions.index.segment import TOP_TERMS
from apps.functions.index.spool import Spool
from apps.functions.search.bm25 import average_length, compute_impacts, inverse_document_frequency, pack_fields

BLOCK = 2_048
"""Functions whose postings are in memory at a time."""


@dataclass(frozen=True, slots=True)
class PostingBlock:
    """The postings of some functions: p rows of the function, the term's place in the sorted terms, the counts."""

    first_row: int
    sizes: NDArray[np.int32]
    rows: NDArray[np.int32]
    terms: NDArray[np.int64]
    counts: NDArray[np.uint16]
    lengths: NDArray[np.int32]


def write_postings(folder: Path, spool: Spool) -> None:
    """Write the terms, their postings and every function's top terms out of what `spool_entries` wrote."""
    strings = sorted((encode(term), number) for term, number in spool.terms.items())
    place_of = np.empty(len(strings), dtype=np.int64)
    place_of[[number for _, number in strings]] = np.arange(len(strings))
    write_strings(folder, "terms", [string for string, _ in strings])
    frequency = _count_documents(folder, place_of)
    offsets = np.concatenate([[0], np.cumsum(frequency)]).astype(np.int64)
    write_array(folder / "posting_offsets.npy", offsets)
    idf = inverse_document_frequency(frequency, spool.documents)
    average = np.array(average_length(spool.total_lengths.tolist(), spool.documents))
    _scatter(folder, place_of, offsets, idf, average)


def _count_documents(folder: Path, place_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """In how many documents each term is, in the order of the sorted terms."""
    frequency = np.zeros(len(place_of), dtype=np.int64)
    for block in _read_blocks(folder, place_of):
        frequency += np.bincount(block.terms, minlength=len(place_of))
    return frequency


def _scatter(
    folder: Path,
    place_of: NDArray[np.int64],
    offsets: NDArray[np.int64],
    idf: NDArray[np.float64],
    average: NDArray[np.float64],
) -> None:
    total = int(offsets[-1])
    rows = create_array(folder / "posting_rows.npy", np.int32, total)
    impacts = create_array(folder / "posting_impacts.npy", np.float32, total)
    fields = create_array(folder / "posting_fields.npy", np.uint8, total)
    free = offsets[:-1].copy()
    with ArrayWriter(folder / "top_terms.npy", np.int32, (TOP_TERMS,)) as top:
        for block in _read_blocks(folder, place_of):
            computed = compute_impacts(block.counts, block.lengths, average, idf[block.terms])
            top.append(_top_terms(block, computed))
            order = np.argsort(block.terms, kind="stable")
            places = _next_places(block.terms[order], free)
            rows[places] = block.rows[order]
            impacts[places] = computed[order]
            fields[places] = pack_fields(block.counts)[order]


def _next_places(terms: NDArray[np.int64], free: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the postings of these terms, in order, go; takes the places from `free`, each term's next free place."""
    different, starts, sizes = np.unique(terms, return_index=True, return_counts=True)
    places = free[terms] + np.arange(len(terms)) - np.repeat(starts, sizes)
    free[different] += sizes
    return places


def _read_blocks(folder: Path, place_of: NDArray[np.int64]) -> Iterator[PostingBlock]:
    sizes = open_array(folder / "spool_sizes.npy")
    lengths = open_array(folder / "spool_lengths.npy")
    terms, counts = open_array(folder / "spool_terms.npy"), open_array(folder / "spool_counts.npy")
    at = 0
    for start in range(0, len(sizes), BLOCK):
        size = np.array(sizes[start : start + BLOCK])
        end = at + int(size.sum())
        rows = np.repeat(np.arange(start, start + len(size), dtype=np.int32), size)
        yield PostingBlock(start, size, rows, place_of[terms[at:end]], np.array(counts[at:end]), lengths[rows])
        at = end


def _top_terms(block: PostingBlock, impacts: NDArray[np.float32]) -> NDArray[np.int32]:
    """The places of each function's most telling terms, the most telling first, -1 where it has fewer."""
    top = np.full((len(block.sizes), TOP_TERMS), -1, dtype=np.int32)
    order = np.lexsort((block.terms, -impacts, block.rows))
    starts = np.cumsum(block.sizes) - block.sizes
    rank = np.arange(len(order)) - np.repeat(starts, block.sizes)
    kept = rank < TOP_TERMS
    top[block.rows[order][kept] - block.first_row, rank[kept]] = block.terms[order][kept]
    return top
