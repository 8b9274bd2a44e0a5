"""The search index: memory-mapped files shared by all processes, and an overlay of what changed since they were built.

Knows no Django: the caller says in which folder the files are, and hands over documents with their vectors.
"""

from apps.functions.index.builder import build_index
from apps.functions.index.hits import Hit, SearchOutcome
from apps.functions.index.live import LiveIndex
from apps.functions.index.manifest import Manifest, read_manifest
from apps.functions.index.overlay import Overlay
from apps.functions.index.protocol import SearchIndex
from apps.functions.index.snapshot import Snapshot, open_current

__all__ = [
    "Hit",
    "LiveIndex",
    "Manifest",
    "Overlay",
    "SearchIndex",
    "SearchOutcome",
    "Snapshot",
    "build_index",
    "open_current",
    "read_manifest",
]
