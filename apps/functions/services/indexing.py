"""Building the search index from the database, and saying how it is."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection

from apps.core.jobs.context import JobContext
from apps.core.jobs.services import enqueue_job
from apps.core.live import announce
from apps.core.models import Job, JobState
from apps.functions.index import build_index, read_manifest
from apps.functions.models import Function, FunctionEmbedding, SearchStatistics
from apps.functions.search.documents import embedding_text
from apps.functions.services.embedding import content_digest, to_document
from apps.inference import services as inference

if TYPE_CHECKING:
    import numpy as np

    from apps.functions.search.documents import Document

KIND = "functions.build_index"
CHUNK = 500
REBUILD_AFTER = 100
"""Edits beside the index after which it is built again; until then every process keeps them in an overlay."""

Entry = tuple["Document", "np.ndarray | None"]


@dataclass(frozen=True, slots=True)
class IndexState:
    """How the index stands beside the database."""

    generation: str
    digest: str
    documents: int
    with_vectors: int
    published: int
    waiting_embedding: int
    changes_waiting: int
    built_at: datetime | None
    model_digest: str
    megabytes: float
    watermark: int

    @property
    def is_current(self) -> bool:
        return bool(self.generation) and not self.changes_waiting

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "is_current": self.is_current}


def start_rebuild(*, user_id: int | None = None) -> Job:
    """A job that builds the index; one that still waits in the queue does for everybody."""
    waiting = Job.objects.filter(kind=KIND, state=JobState.QUEUED).first()
    return waiting or enqueue_job(kind=KIND, params={}, user_id=user_id)


def run_build(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """The job's handler. The watermark is read first: what commits during the build shows up beside the index."""
    if settings.SEARCH_BACKEND == "postgres":
        from apps.functions.services.postgres.building import build_search

        return build_search(context)
    digest, watermark = inference.model_digest(), read_watermark()
    entries = _report(read_entries(digest), context, Function.objects.published().count())
    manifest = build_index(settings.INDEX_DIR, entries, model_digest=digest, watermark=watermark)
    announce("index")
    return {"generation": manifest.generation, "documents": manifest.documents, "with_vectors": manifest.with_vectors}


def read_watermark() -> int:
    """The oldest transaction that may still be at work: what it or a later one writes may not be seen here yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def read_entries(model_digest: str) -> Iterator[Entry]:
    """Every published function with its vector by this model, if it has one of its present text."""
    ids = Function.objects.published().order_by("pk").values_list("pk", flat=True)
    rows = list(ids)
    for start in range(0, len(rows), CHUNK):
        functions = Function.objects.filter(pk__in=rows[start : start + CHUNK]).with_library().order_by("pk")
        yield from pair_vectors(list(functions), model_digest)


def pair_vectors(functions: list[Function], model_digest: str) -> Iterator[Entry]:
    """Each function with its vector, unless that is of an older text."""
    known = {
        row.function_id: row
        for row in FunctionEmbedding.objects.filter(function__in=functions, model_digest=model_digest)
    }
    for function in functions:
        document, row = to_document(function), known.get(function.pk)
        fresh = row and row.content_digest == content_digest(embedding_text(document))
        yield document, row.vector if row and fresh else None


def index_state() -> IndexState:
    if settings.SEARCH_BACKEND == "postgres":
        from apps.functions.services.postgres.state import read_state

        return IndexState(**read_state())
    manifest = read_manifest(settings.INDEX_DIR)
    published = Function.objects.published()
    changes = Function.objects.changed_since(manifest.watermark) if manifest else published
    return IndexState(
        generation=manifest.generation if manifest else "",
        digest=manifest.digest if manifest else "",
        documents=manifest.documents if manifest else 0,
        with_vectors=manifest.with_vectors if manifest else 0,
        published=published.count(),
        waiting_embedding=published.without_embedding(inference.model_digest()).count(),
        changes_waiting=changes.count(),
        built_at=datetime.fromtimestamp(manifest.built_at, UTC) if manifest else None,
        model_digest=manifest.model_digest if manifest else "",
        megabytes=round(manifest.bytes / 1e6, 1) if manifest else 0.0,
        watermark=manifest.watermark if manifest else 0,
    )


def read_index_digest() -> str:
    """Names the index that answers come from, briefly; empty when there is none."""
    if settings.SEARCH_BACKEND == "postgres":
        computed = SearchStatistics.objects.values_list("computed_at", flat=True).first()
        return f"postgres {computed:%Y-%m-%d %H:%M:%S}" if computed else ""
    manifest = read_manifest(settings.INDEX_DIR)
    return manifest.digest[:16] if manifest else ""


def refresh_index() -> bool:
    """Builds again when there is no index, when it has many edits beside it, or vectors of another model."""
    state = index_state()
    # While an old transaction is at work, a build cannot get past it: another one would find as many edits waiting.
    edited = state.changes_waiting >= REBUILD_AFTER and read_watermark() > state.watermark
    stale = edited or (not state.generation and state.published)
    if state.waiting_embedding and inference.model_digest():
        _start_unless_open("functions.embed")
    if stale or (state.generation and state.model_digest != inference.model_digest()):
        return _start_unless_open(KIND)
    return False


def _start_unless_open(kind: str) -> bool:
    if Job.objects.open().filter(kind=kind).exists():
        return False
    params = {"then_build": True} if kind == "functions.embed" else {}
    enqueue_job(kind=kind, params=params)
    return True


def _report(entries: Iterator[Entry], context: JobContext, total: int) -> Iterator[Entry]:
    for done, entry in enumerate(entries):
        if done % CHUNK == 0:
            context.report(done, total, f"{done:,} of {total:,} read")
        yield entry
