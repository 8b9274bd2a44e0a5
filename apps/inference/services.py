"""The way in to models for the other apps."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings

from apps.core import metrics
from apps.core.health import Unhealthy
from apps.inference.calling import call
from apps.inference.embedder import get_embedder, use_all_cores
from apps.inference.exchange import Caller, Exchange, Operation, Reply

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "chat",
    "check_model",
    "classify",
    "embed",
    "embed_query",
    "embed_texts",
    "get_embedder",
    "model_digest",
    "read_text",
    "use_all_cores",
]

SECONDS = 30.0
"""How long an answer may take where nobody says."""


def chat(
    *,
    target: str,
    messages: Sequence[Mapping[str, Any]],
    caller: Caller,
    seconds: float = SECONDS,
    max_tokens: int | None = None,
    temperature: float | None = None,
    schema: Mapping[str, Any] | None = None,
) -> Reply:
    """The answer of a model or an alias to OpenAI's kind of messages. Raises apps.inference.errors.

    With a JSON `schema` its text is JSON that was checked against it.
    """
    body: dict[str, Any] = {"messages": list(messages)}
    if max_tokens is not None:
        body["max_tokens"] = max_tokens
    if temperature is not None:
        body["temperature"] = temperature
    if schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    return call(Exchange(Operation.CHAT, target, body, caller, time.monotonic() + seconds))


def read_text(reply: Reply) -> str:
    """What was said in a chat; empty where the model called tools instead."""
    return reply.body["choices"][0]["message"].get("content") or ""


def embed(*, target: str, texts: Sequence[str], caller: Caller, seconds: float = SECONDS) -> list[list[float]]:
    """The vectors of texts by a model or an alias, in their order. Raises apps.inference.errors."""
    body = {"input": list(texts), "encoding_format": "float"}
    reply = call(Exchange(Operation.EMBEDDING, target, body, caller, time.monotonic() + seconds))
    return [item["embedding"] for item in reply.body["data"]]


def classify(*, target: str, texts: Sequence[str], caller: Caller, seconds: float = SECONDS) -> list[Mapping[str, Any]]:
    """What a classifier says of each text, in their order. Raises apps.inference.errors."""
    body = {"input": list(texts)}
    reply = call(Exchange(Operation.PREDICTION, target, body, caller, time.monotonic() + seconds))
    return [item["prediction"] for item in reply.body["data"]]


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
