"""Small catalogues for the tests of the index."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from apps.functions.index import LiveIndex, Manifest, Overlay, build_index, open_current
from apps.functions.index.segment import Postings, TermIndex
from apps.functions.search.documents import Document

DIMENSIONS = 6
WORD = st.sampled_from(["read", "write", "file", "csv", "date", "parse", "sorted", "list", "utf8", "HTTPServer"])
WORDS = st.lists(WORD, max_size=6).map(" ".join)
LANGUAGES = ("python", "go", "rust")


@st.composite
def catalogues(draw, *, min_size: int = 0, max_size: int = 12) -> list[tuple[Document, np.ndarray | None]]:
    """Functions with different ids, some without a vector."""
    count = draw(st.integers(min_size, max_size))
    ids = draw(st.lists(st.integers(1, 10**12), min_size=count, max_size=count, unique=True))
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    entries = []
    for id in ids:
        document = Document(
            id=id,
            name=draw(st.lists(WORD, min_size=1, max_size=3).map("_".join)),
            language=draw(st.sampled_from(LANGUAGES)),
            description=draw(WORDS),
            keywords=tuple(draw(st.lists(WORD, max_size=2))),
            code=draw(WORDS),
            library=draw(st.sampled_from(["one", "two"])),
            popularity=draw(st.sampled_from([0.0, 1.0, 2.5])),
        )
        vector = random.standard_normal(DIMENSIONS).astype(np.float32) if draw(st.booleans()) else None
        entries.append((document, vector))
    return entries


def entry(id: int, name: str, description: str = "", vector: Sequence[float] | None = None, **data):
    document = Document(id=id, name=name, description=description, **{"language": "python", **data})
    return document, None if vector is None else np.array(vector, dtype=np.float32)


def build(root: Path, entries, watermark: int = 1) -> Manifest:
    return build_index(root, iter(entries), model_digest="model", watermark=watermark)


def open_live(root: Path, entries, overlay: Overlay | None = None) -> LiveIndex:
    build(root, entries)
    return LiveIndex(open_current(root), overlay or Overlay())


def find_postings(terms: TermIndex, term: str) -> Postings | None:
    start, end = terms.span(term)
    everything = terms.everything
    parts = (part[start:end] for part in (everything.rows, everything.impacts, everything.fields))
    return Postings(*parts) if end > start else None
