"""Compiling what is compiled before somebody waits for it."""

import numpy as np

from apps.functions.index.live import LiveIndex
from apps.functions.index.overlay import Overlay
from apps.functions.search.documents import Document
from apps.functions.search.query import parse_query


def compile_kernels() -> None:
    """A search by meaning and one by words over a catalogue of one function take every kernel."""
    vector = np.ones(2, dtype=np.float32)
    only = Document(id=1, name="sort", language="python", description="Sorts a list.", keywords=("order",))
    index = LiveIndex(None, Overlay([(only, vector)]))
    query = parse_query("sort a list", available=index.languages)
    index.search(query, vector)
    index.search(query, None)
