"""Answers to other wordings of a question: each process's index of earlier questions, filled from Valkey as it goes.

Only the last message of the user is compared. All that is before it, who owns it, and what is curated must be equal:
together they are the scope, and questions of different scopes never meet. A scope's questions are a stream in Valkey,
of which a process reads what it has not seen with each look-up.
"""

import asyncio
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import orjson
import structlog
from django.conf import settings
from numpy.typing import NDArray

from apps.core.cache.behind import Entries as Waiting
from apps.core.cache.behind import WriteBehind
from apps.core.cache.local import Entry
from apps.core.valkey import get_async_client
from apps.inference.caching.recipes import NOT_OF_THE_ANSWER, Recipe
from apps.inference.caching.shared import FAILURES, PREFIX, SharedResponses
from apps.inference.embedder import get_embedder
from apps.inference.exchange import Exchange, Operation
from apps.inference.semantic.lookup import Entries

MOST_QUESTIONS = 1000
"""Of one scope."""
MOST_SCOPES = 500
"""That a process keeps; the one that was used longest ago is read from Valkey again."""
MOST_CHARACTERS = 2000
"""Of a question: what is longer is a document, and likeness of documents says little of their answers."""
FIRST = "-"

Vector = NDArray[np.float32]
log = structlog.get_logger("touchstone.cache")


@dataclass(frozen=True, slots=True)
class Question:
    """`scope` is a digest of all that must be equal; `vector` is the text's, of length 1."""

    scope: str
    text: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class Match:
    """The key of an earlier question's answer, and how it was judged."""

    key: str
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Engine:
    """What compares questions. `embed` gives a text's vector."""

    entries: Entries
    embed: Callable[[str], Vector]


class Meanings:
    """Safe to share between threads."""

    def __init__(self, engine: Engine, shared: SharedResponses) -> None:
        self._engine = engine
        self._shared = shared
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, str] = OrderedDict()
        self._behind = WriteBehind(self._write)

    async def read(self, exchange: Exchange, recipe: Recipe) -> Question | None:
        """None where the request has no single question at its end."""
        found = find_question(exchange, recipe)
        if found is None:
            return None
        scope, text = found
        return Question(scope, text, await asyncio.to_thread(self._engine.embed, text))

    async def find(self, question: Question, threshold: float | None) -> Match | None:
        await self._catch_up(question.scope)
        found = self._engine.entries.find(question.scope, question.text, question.vector, threshold=threshold)
        if found.hit is None:
            return None
        return Match(str(found.hit.key), found.hit.text, found.hit.probability)

    def add(self, question: Question, key: str, seconds: int) -> None:
        """Waits for nothing."""
        self._engine.entries.add(question.scope, key, question.text, question.vector)
        self._behind.put(question.scope, Entry((key, question.text, question.vector, seconds), 0.0))

    def forget(self, question: Question, key: str) -> None:
        """An answer that is no more."""
        self._engine.entries.remove(question.scope, key)

    def flush(self) -> None:
        self._behind.flush()

    async def _catch_up(self, scope: str) -> None:
        last = self._touch(scope)
        try:
            rows: Any = await get_async_client().xrange(name_of(scope), min=f"({last}" if last != FIRST else FIRST)
        except FAILURES as error:
            log.warning("questions_not_read", error=str(error) or type(error).__name__)
            return
        for number, fields in rows:
            vector = np.frombuffer(fields[b"vector"], dtype=np.float32)
            self._engine.entries.add(scope, fields[b"key"].decode(), fields[b"text"].decode(), vector)
            last = number.decode()
        with self._lock:
            if scope in self._seen:
                self._seen[scope] = last

    def _touch(self, scope: str) -> str:
        with self._lock:
            last = self._seen.pop(scope, FIRST)
            self._seen[scope] = last
            while len(self._seen) > MOST_SCOPES:
                oldest, _ = self._seen.popitem(last=False)
                self._engine.entries.clear(oldest)
            return last

    def _write(self, batch: Waiting) -> None:
        self._shared.guard(lambda client: send(client, batch))


def send(client: Any, batch: Waiting) -> bool:
    pipeline = client.pipeline(transaction=False)
    for scope, entry in batch:
        key, text, vector, seconds = entry.value
        fields = {"key": key, "text": text, "vector": vector.astype(np.float32).tobytes()}
        pipeline.xadd(name_of(scope), fields, maxlen=MOST_QUESTIONS, approximate=True)
        pipeline.expire(name_of(scope), seconds)
    pipeline.execute()
    return True


def name_of(scope: str) -> str:
    return f"{PREFIX}:questions:{scope}"


def find_question(exchange: Exchange, recipe: Recipe) -> tuple[str, str] | None:
    """The scope and the last user's message, where it is a text of some words."""
    messages = exchange.body.get("messages")
    if exchange.operation is not Operation.CHAT or not isinstance(messages, list) or not messages:
        return None
    last = messages[-1]
    text = last.get("content") if isinstance(last, dict) and last.get("role") == "user" else None
    if not isinstance(text, str) or not text.strip() or len(text) > MOST_CHARACTERS:
        return None
    rest = {name: value for name, value in exchange.body.items() if name not in (*NOT_OF_THE_ANSWER, "messages")}
    others = {name: value for name, value in last.items() if name != "content"}
    owner = None if recipe.alias.cache_public else recipe.owner
    whole = [owner, recipe.alias.id, recipe.digest, rest, messages[:-1], others]
    body = orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(body, digest_size=16).hexdigest(), text


def embed(text: str) -> Vector:
    vector: Vector = get_embedder().embed([text])[0]
    return vector


@cache
def load_engine() -> Engine | None:
    """None where there is no embedding model, or another one than likeness was fitted to."""
    from apps.inference.embedding.manifest import MODEL_NAME, ManifestError, read_manifest
    from apps.inference.semantic.model import ModelError, load_model
    from apps.inference.semantic.vocabulary import load_vocabulary

    try:
        digest = read_manifest(settings.MODELS_DIR / MODEL_NAME).digest
        model = load_model()
        if model.embedding != digest:
            log.warning("semantic_cache_off", reason="likeness was fitted to another embedding model")
            return None
        vocabulary = load_vocabulary(settings.MODELS_DIR)
        dimensions = get_embedder().dimensions
    except (ManifestError, ModelError, OSError) as error:
        log.warning("semantic_cache_off", reason=str(error))
        return None
    return Engine(Entries(model, vocabulary, dimensions=dimensions, most=MOST_QUESTIONS), embed)
