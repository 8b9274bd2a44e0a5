"""The index as this process searches it: the shared files, and an overlay of what changed since they were built."""

import threading
import time
from functools import cache

import structlog
from django.conf import settings
from django.db.models import Count, Max, Sum

from apps.functions.index import LiveIndex, Overlay, Snapshot, open_current
from apps.functions.models import Function
from apps.functions.services.indexing import pair_vectors

OVERLAY_LIMIT = 300
"""Every process keeps this many edits in memory at most; the oldest beyond them wait for the next build."""

log = structlog.get_logger("touchstone.functions")

Fingerprint = tuple[object, ...]


class LiveIndexHolder:
    """Looks for a new generation and for edits at most every INDEX_REFRESH_SECONDS, in the thread that searches."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._checked_at = float("-inf")
        self._snapshot: Snapshot | None = None
        self._fingerprint: Fingerprint = ()
        self._live: LiveIndex | None = None

    def get(self) -> LiveIndex | None:
        """The index to search, or None before the first build of a catalogue that is empty of edits too."""
        if time.monotonic() - self._checked_at >= settings.INDEX_REFRESH_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._refresh()
                self._checked_at = time.monotonic()
            finally:
                self._lock.release()
        if self._live is None:
            with self._lock:
                pass  # the first refresh of this process is under way in another thread
        return self._live

    @property
    def version(self) -> str:
        """Changes with whatever may change an answer."""
        return f"{self._snapshot.manifest.digest if self._snapshot else ''}:{self._fingerprint}"

    def _refresh(self) -> None:
        snapshot = open_current(settings.INDEX_DIR, known=self._snapshot)
        watermark = snapshot.manifest.watermark if snapshot else 0
        changed = Function.objects.changed_since(watermark)
        totals = changed.aggregate(n=Count("pk"), newest=Max("change_xid"), sum=Sum("change_xid"))
        fingerprint = (snapshot.manifest.generation if snapshot else "", *totals.values())
        if fingerprint == self._fingerprint:
            return
        overlay = load_overlay(watermark, snapshot.manifest.model_digest if snapshot else "")
        self._live = LiveIndex(snapshot, overlay)
        self._snapshot, self._fingerprint = snapshot, fingerprint
        log.info("index_loaded", generation=fingerprint[0], edits=totals["n"])


def load_overlay(watermark: int, model_digest: str) -> Overlay:
    newest = Function.objects.changed_since(watermark).with_library().order_by("-change_xid", "-pk")[:OVERLAY_LIMIT]
    functions = list(newest)
    shown = [function for function in functions if function.is_searchable]
    return Overlay(entries=list(pair_vectors(shown, model_digest)), hidden={function.pk for function in functions})


@cache
def live_index() -> LiveIndexHolder:
    return LiveIndexHolder()
