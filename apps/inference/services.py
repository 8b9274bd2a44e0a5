"""The way in to models: one instance a process, made when first needed."""

import os
import threading
import time
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from apps.core import metrics
from apps.core.health import Unhealthy

if TYPE_CHECKING:
    import numpy as np

    from apps.inference.embedding import Embedder

_loading = threading.Lock()


def get_embedder() -> "Embedder":
    """This process's embedder. Raises EmbeddingModelMissing when the model was not converted."""
    with _loading:
        return _load(settings.EMBEDDING_THREADS)


def use_all_cores() -> None:
    """For a process that embeds in bulk and serves nobody, such as a command on the terminal."""
    with _loading:
        settings.EMBEDDING_THREADS = max(settings.EMBEDDING_THREADS, os.cpu_count() or 1)


@cache
def _load(threads: int) -> "Embedder":
    from apps.inference.embedding import load_embedder

    return load_embedder(settings.MODELS_DIR, threads=threads, compiled=settings.EMBEDDING_COMPILED)


def embed_query(text: str) -> "np.ndarray":
    """One query's vector, shape (dimensions,), float32, of length 1."""
    started = time.perf_counter()
    vector: np.ndarray = get_embedder().embed([text])[0]
    metrics.observe("embedding_seconds", time.perf_counter() - started)
    return vector


def embed_texts(texts: Sequence[str]) -> "np.ndarray":
    """Many texts' vectors, shape (len(texts), dimensions), float32, each of length 1."""
    return get_embedder().embed(texts)


def model_digest() -> str:
    """Names the model whose vectors may be compared with each other; empty when there is none. Loads no model."""
    from apps.inference.embedding.manifest import MODEL_NAME, ManifestError, read_manifest

    try:
        return read_manifest(settings.MODELS_DIR / MODEL_NAME).digest
    except ManifestError:
        return ""


def check_model() -> str:
    """For the health page: that the model is there, without loading it."""
    from apps.inference.embedding.manifest import MODEL_NAME, ManifestError, read_manifest

    try:
        manifest = read_manifest(settings.MODELS_DIR / MODEL_NAME)
    except ManifestError as error:
        raise Unhealthy(f"{error}; search works by words only") from error
    return f"{MODEL_NAME} {manifest.digest[:12]}"
