"""The way in to models for the other apps."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.conf import settings

from apps.core import metrics
from apps.core.health import Unhealthy
from apps.inference.embedder import get_embedder, use_all_cores

if TYPE_CHECKING:
    import numpy as np

__all__ = ["check_model", "embed_query", "embed_texts", "get_embedder", "model_digest", "use_all_cores"]


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
