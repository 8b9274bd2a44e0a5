"""What compares questions: the embedding model and the fitted judge, loaded once behind what a process does.

Loading takes seconds, and minutes where the model's loops were never compiled on this machine. Nobody waits for it:
until it is done there is no engine, and `Standing.reason` says why.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.db import DatabaseError

from apps.inference.curated import get_curated
from apps.inference.embedder import get_embedder
from apps.inference.models import CacheLevel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from apps.inference.semantic.lookup import Entries

    Vector = NDArray[np.float32]

LOADING = "the embedding model is being loaded"
MISSING = "there is no embedding model"
UNFIT = "likeness was fitted to another embedding model"
BROKEN = "the embedding model could not be loaded"
MOST_QUESTIONS = 10_000
"""Of one scope."""

log = structlog.get_logger("touchstone.cache")


class NoEngine(Exception):
    """Says why nothing can be compared."""


@dataclass(frozen=True, slots=True)
class Engine:
    """`embed` gives a text's vector; `model` names the model of the vectors, which are compared with no other's."""

    entries: "Entries"
    embed: Callable[[str], "Vector"]
    model: str


@dataclass(frozen=True, slots=True)
class Standing:
    """`reason` is empty where there is an engine."""

    engine: Engine | None
    reason: str = ""


class Loader:
    """`load` raises NoEngine. It runs in a thread, once a process."""

    def __init__(self, load: Callable[[], Engine]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._standing: Standing | None = None
        self._thread: threading.Thread | None = None

    def peek(self) -> Standing:
        """Waits for nothing; the first who asks has it loaded."""
        standing = self._standing
        if standing is None:
            self.start()
            return Standing(None, LOADING)
        return standing

    def start(self) -> threading.Thread:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="semantic-cache", daemon=True)
                self._thread.start()
            return self._thread

    def _run(self) -> None:
        started = time.monotonic()
        try:
            self._standing = Standing(self._load())
            log.info("semantic_cache_ready", seconds=round(time.monotonic() - started, 1))
        except NoEngine as error:
            self._standing = Standing(None, str(error))
            log.warning("semantic_cache_off", reason=str(error))
        except Exception:
            self._standing = Standing(None, BROKEN)
            log.exception("semantic_cache_off", reason=BROKEN)


def load_engine() -> Engine:
    """Raises NoEngine where there is no embedding model, or another one than likeness was fitted to."""
    from apps.inference.embedding import EmbeddingModelMissing
    from apps.inference.embedding.manifest import MODEL_NAME, ManifestError, read_manifest
    from apps.inference.semantic.lookup import Entries
    from apps.inference.semantic.model import ModelError, load_model
    from apps.inference.semantic.vocabulary import load_vocabulary

    try:
        digest = read_manifest(settings.MODELS_DIR / MODEL_NAME).digest
        model = load_model()
        if model.embedding != digest:
            raise NoEngine(UNFIT)
        vocabulary = load_vocabulary(settings.MODELS_DIR, model.axes)
        vector = embed("Are you ready?")  # which also compiles what this machine never did
    except ModelError as error:
        raise NoEngine(UNFIT) from error
    except (ManifestError, EmbeddingModelMissing, OSError) as error:
        raise NoEngine(MISSING) from error
    entries = Entries(model, vocabulary, dimensions=len(vector), most=MOST_QUESTIONS)
    entries.prepare()
    return Engine(entries, embed, digest)


def embed(text: str) -> "Vector":
    vector: Vector = get_embedder().embed([text])[0]
    return vector


engines = Loader(load_engine)


def load_where_wanted() -> None:
    """For the start of a process that answers: has the engine loaded behind it where any alias compares questions."""
    try:
        aliases = get_curated().aliases.values()
    except DatabaseError:
        return
    if any(alias.cache is CacheLevel.SEMANTIC for alias in aliases):
        engines.start().join()
