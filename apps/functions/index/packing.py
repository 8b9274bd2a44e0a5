"""A function's terms as bytes: counted once, stored beside the function, and read for a hundred candidates at once."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.functions.search.bm25 import FIELDS, count_terms
from apps.functions.search.documents import Document

VERSION = 1
"""Raise it when `tokens.analyse` gives other terms: what was packed before is counted anew then."""

MARK = zlib.crc32(f"{VERSION} {' '.join(FIELDS)}".encode())
MOST_COUNTED = 255

_HEAD = np.dtype([("mark", "<u4"), ("curated", "<u4"), ("lengths", "<u4", (len(FIELDS),))])
# A term is known by its checksum: of the sixty of a function and twenty of a query hardly ever two are the same.
_RECORD = np.dtype([("term", "<u4"), ("counts", "u1", (len(FIELDS),))])


@dataclass(frozen=True, slots=True)
class FoundCounts:
    """Where n documents have one of some terms: p postings in the order of documents.

    `rows` and `terms`, shape (p,), are the document's and the term's places; `counts`, shape (p, fields), how often.
    `lengths`, shape (n, fields), and `curated`, shape (n,), are of the documents.
    """

    rows: NDArray[np.int32]
    terms: NDArray[np.int64]
    counts: NDArray[np.uint8]
    lengths: NDArray[np.uint32]
    curated: NDArray[np.bool_]


def pack_terms(document: Document) -> bytes:
    counted = count_terms(document)
    head = np.zeros((), dtype=_HEAD)
    head["mark"], head["curated"], head["lengths"] = MARK, document.is_curated, counted.lengths
    records = np.zeros(len(counted.counts), dtype=_RECORD)
    if len(records):
        records["term"] = [_number(term) for term in counted.counts]
        records["counts"] = np.minimum(list(counted.counts.values()), MOST_COUNTED)
    return head.tobytes() + records.tobytes()


def is_packed(packed: bytes | None) -> bool:
    """Whether these bytes are there and were made in the way of this version."""
    return packed is not None and packed[:4] == MARK.to_bytes(4, "little")


def find_counts(packed: Sequence[bytes], terms: Sequence[str]) -> FoundCounts:
    """Look the terms up in documents that `is_packed`."""
    heads = np.frombuffer(b"".join(one[: _HEAD.itemsize] for one in packed), dtype=_HEAD)
    records = np.frombuffer(b"".join(one[_HEAD.itemsize :] for one in packed), dtype=_RECORD)
    sizes = [(len(one) - _HEAD.itemsize) // _RECORD.itemsize for one in packed]
    numbers = np.array([_number(term) for term in terms], dtype=np.uint32)
    order = np.argsort(numbers, kind="stable")
    places = np.minimum(np.searchsorted(numbers[order], records["term"]), max(len(numbers) - 1, 0))
    known = numbers[order][places] == records["term"] if len(numbers) else np.zeros(len(records), dtype=np.bool_)
    rows = np.repeat(np.arange(len(packed), dtype=np.int32), sizes)[known]
    return FoundCounts(
        rows=rows,
        terms=order[places[known]] if len(numbers) else np.zeros(0, dtype=np.int64),
        counts=records["counts"][known],
        lengths=heads["lengths"],
        curated=heads["curated"] > 0,
    )


def _number(term: str) -> int:
    return zlib.crc32(term.encode("utf-8", "replace"))
