"""The embedding model of this process: loaded when first needed, and shared by its threads."""

import os
import threading
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
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
