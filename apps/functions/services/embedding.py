"""Vectors of the catalogue: one a function and model, made again when the function's text or the model changes."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
from django.db import connection

from apps.core.jobs.context import JobContext
from apps.core.jobs.services import enqueue_job
from apps.core.live import announce
from apps.core.models import Job, JobState
from apps.functions.models import Function, FunctionEmbedding
from apps.functions.search.documents import RECIPE, Document, embedding_text
from apps.inference import services as inference
from apps.inference.embedding import EmbeddingModelMissing

KIND = "functions.embed"
BATCH = 64
BATCHES_A_BUILD = 60
LOCK = 7_301_001
"""The advisory lock of the one process that embeds the catalogue."""

log = structlog.get_logger("touchstone.functions")


def to_document(function: Function) -> Document:
    """What search knows of a function."""
    return Document(
        id=function.pk,
        name=function.qualified_name or function.name,
        signature=function.signature,
        description=function.description,
        keywords=tuple(function.keywords),
        code=function.code,
        language=function.language,
        library=function.library.name,
        popularity=function.popularity,
        action=function.action,
        data_type=function.data_type,
    )


def content_digest(text: str) -> str:
    """Names an embedded text and the recipe that made it out of the function."""
    return hashlib.blake2b(f"{RECIPE}\0{text}".encode("utf-8", "replace"), digest_size=16).hexdigest()


def embed_functions(functions: Sequence[Function]) -> int:
    """Stores the vectors of these functions as they are now, and returns how many. Raises EmbeddingModelMissing."""
    texts = [embedding_text(to_document(function)) for function in functions]
    vectors = inference.embed_texts(texts)
    digest = inference.get_embedder().digest
    rows = [
        FunctionEmbedding(function=function, model_digest=digest, content_digest=content_digest(text), vector=vector)
        for function, text, vector in zip(functions, texts, vectors, strict=True)
    ]
    FunctionEmbedding.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["function", "model_digest"],
        update_fields=["content_digest", "vector"],
    )
    return len(rows)


def embed_quietly(functions: Sequence[Function]) -> None:
    """After an edit: without the model the edit stands, and search finds it by its words."""
    try:
        embed_functions(functions)
    except EmbeddingModelMissing as error:
        log.warning("not_embedded", functions=len(functions), error=str(error))


def start_embedding(*, user_id: int | None = None) -> Job:
    """A job that embeds what has no vector yet; one that still waits in the queue does for everybody."""
    waiting = Job.objects.filter(kind=KIND, state=JobState.QUEUED).first()
    return waiting or enqueue_job(kind=KIND, params={"then_build": True}, user_id=user_id)


def run_embedding(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """The job's handler: embeds until nothing is left, then has the index built again."""
    from apps.functions.services.indexing import start_rebuild

    def build() -> None:
        if params["then_build"]:
            start_rebuild(user_id=context.job.created_by_id)

    embedded = embed_missing(context, build)
    if embedded:
        build()
    return {"embedded": embedded}


def embed_missing(context: JobContext, on_many: Callable[[], None]) -> int:
    """Embeds what has no vector, the most popular first; `on_many` is called now and then, to let search have them."""
    digest = inference.get_embedder().digest
    embedded = 0
    with _only_one(context):
        waiting = Function.objects.without_embedding(digest).with_library().order_by("-popularity", "pk")
        total = waiting.count()
        while batch := list(waiting[:BATCH]):
            embedded += embed_functions(batch)
            announce("index")
            if embedded % (BATCH * BATCHES_A_BUILD) == 0:
                on_many()
            context.report(embedded, max(total, embedded), f"{embedded:,} of {max(total, embedded):,} embedded")
    return embedded


@contextmanager
def _only_one(context: JobContext) -> Iterator[None]:
    """Waits for another process that embeds: both would do the same functions. A dead one's lock is free at once."""
    while not _call("pg_try_advisory_lock"):
        context.pause("waiting for another embedding job")
    try:
        yield
    finally:
        _call("pg_advisory_unlock")


def _call(function: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [LOCK])
        return bool(cursor.fetchone()[0])
