"""The index as this process searches it: the shared files, an overlay of what changed since, and the synonyms."""

import hashlib
import json
import threading
import time
from dataclasses import dataclass
from functools import cache

import structlog
from django.conf import settings

from apps.functions.index import LiveIndex, Overlay, SearchIndex, Snapshot, open_current
from apps.functions.models import Function, Library, SynonymGroup
from apps.functions.search.query import Groups
from apps.functions.services.indexing import pair_vectors
from apps.functions.services.marks import read_edits, read_marks

OVERLAY_LIMIT = 300
"""Every process keeps this many edits in memory at most; the oldest beyond them wait for the next build."""

log = structlog.get_logger("touchstone.functions")

Fingerprint = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a query is answered from. `version` changes with whatever may change an answer."""

    index: SearchIndex
    synonyms: Groups
    version: str
    libraries: frozenset[str] = frozenset()
    """Names of the libraries. A newer one may be there already."""


class LiveIndexHolder:
    """Looks for a new generation and for edits at most every INDEX_REFRESH_SECONDS, in the thread that searches."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._checked_at = float("-inf")
        self._snapshot: Snapshot | None = None
        self._fingerprint: Fingerprint = ()
        self._index: SearchIndex | None = None
        self._synonyms: Groups = ()
        self._synonyms_mark: str | None = None
        self._loaded: Loaded | None = None

    def load(self) -> Loaded:
        """Index, synonyms and version that belong together."""
        if self._loaded is None:
            with self._lock:  # one thread looks, and the others wait for what it finds
                return self._loaded or self._refresh()
        due = time.monotonic() - self._checked_at >= settings.INDEX_REFRESH_SECONDS
        if due and self._lock.acquire(blocking=False):
            try:
                return self._refresh()
            finally:
                self._lock.release()
        return self._loaded

    def get(self) -> SearchIndex:
        return self.load().index

    @property
    def version(self) -> str:
        return self.load().version

    @property
    def synonyms(self) -> Groups:
        """The enabled groups of words that mean the same."""
        return self.load().synonyms

    @property
    def synonyms_digest(self) -> str:
        return digest_groups(self.synonyms)

    def _refresh(self) -> Loaded:
        index, marks = self._refresh_index(), read_marks()
        synonyms = self._refresh_synonyms(marks.synonyms)
        manifest = self._snapshot.manifest.digest if self._snapshot else ""
        version = f"{manifest}:{self._fingerprint}:{marks}"
        if self._loaded is None or self._loaded.version != version:
            self._loaded = Loaded(index, synonyms, version, frozenset(Library.objects.values_list("name", flat=True)))
        self._checked_at = time.monotonic()
        return self._loaded

    def _refresh_index(self) -> SearchIndex:
        snapshot = open_current(settings.INDEX_DIR, known=self._snapshot)
        watermark = snapshot.manifest.watermark if snapshot else 0
        edits = read_edits(watermark)
        fingerprint = (snapshot.manifest.generation if snapshot else "", edits)
        if self._index is not None and fingerprint == self._fingerprint:
            return self._index
        overlay = load_overlay(watermark, snapshot.manifest.model_digest if snapshot else "")
        self._index = LiveIndex(snapshot, overlay)
        self._snapshot, self._fingerprint = snapshot, fingerprint
        log.info("index_loaded", generation=fingerprint[0], edits=int(edits[0] or 0))
        return self._index

    def _refresh_synonyms(self, mark: str) -> Groups:
        if mark != self._synonyms_mark:
            self._synonyms, self._synonyms_mark = SynonymGroup.objects.enabled().as_groups(), mark
            log.info("synonyms_loaded", groups=len(self._synonyms))
        return self._synonyms


def load_overlay(watermark: int, model_digest: str) -> Overlay:
    newest = Function.objects.changed_since(watermark).with_library().order_by("-change_xid", "-pk")[:OVERLAY_LIMIT]
    functions = list(newest)
    shown = [function for function in functions if function.is_searchable]
    return Overlay(entries=list(pair_vectors(shown, model_digest)), hidden={function.pk for function in functions})


def digest_groups(groups: Groups) -> str:
    """A short name of these groups of words, the same wherever they are the same."""
    return hashlib.blake2b(json.dumps(groups).encode(), digest_size=8).hexdigest()


@cache
def live_index() -> LiveIndexHolder:
    """This process's holder, of the kind that SEARCH_BACKEND names."""
    if settings.SEARCH_BACKEND == "postgres":
        from apps.functions.services.postgres.holder import PostgresHolder

        return PostgresHolder()
    return LiveIndexHolder()
