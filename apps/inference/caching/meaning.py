"""Answers to other wordings of a question: each process's index of earlier questions, filled from Valkey as it goes.

Only the last message of the user is compared. All that is before it, who owns it, what is curated, and the model of
the vectors must be equal: together they are the scope, and questions of different scopes never meet. A scope's
questions are a stream in Valkey, of which a process reads what it has not seen, page by page. What is damaged is
passed over.
"""

import asyncio
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import orjson
import structlog
from numpy.typing import NDArray

from apps.core.cache.behind import Entries as Waiting
from apps.core.cache.behind import WriteBehind
from apps.core.cache.local import Entry
from apps.inference.caching.clearings import FRESH_SECONDS
from apps.inference.caching.engine import MOST_QUESTIONS, Engine
from apps.inference.caching.recipes import NOT_OF_THE_ANSWER, Recipe
from apps.inference.caching.shared import PREFIX, SharedResponses
from apps.inference.exchange import Exchange, Operation
from apps.inference.semantic.lookup import Candidate, Found

MOST_SCOPES = 500
"""That a process keeps; the one that was used longest ago is read from Valkey again."""
MOST_KEPT = 20_000
"""Questions that a process keeps of all scopes together, but for one that has more alone: some 50 MB."""
MOST_CHARACTERS = 2000
"""Of a question: what is longer is a document, and likeness of documents says little of their answers."""
PAGE = 500
"""So many questions are read from Valkey at a time."""
THREADS = 2
FIRST = "-"

Got = TypeVar("Got")
Vector = NDArray[np.float32]
Rows = list[tuple[bytes, dict[bytes, bytes]]]
log = structlog.get_logger("touchstone.cache")
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="semantic-cache")
"""Their own, so that many texts at once hold up nothing else that is done in threads."""


@dataclass(frozen=True, slots=True)
class Question:
    """`scope` is a digest of all that must be equal; `vector` is the text's, of length 1."""

    scope: str
    text: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class Compared:
    """A question, the key of the earlier one's answer where one means the same, and the likeliest one anyway."""

    question: Question
    key: str | None
    nearest: Candidate | None


@dataclass(slots=True)
class Seen:
    """How far a process has read a scope, and when it last looked."""

    last: str = FIRST
    looked: float = float("-inf")


class Meanings:
    """Safe to share between threads."""

    def __init__(self, engine: Engine, shared: SharedResponses, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._shared = shared
        self._timer = timer
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._behind = WriteBehind(self._write)

    async def compare(self, scope: str, text: str, threshold: float | None) -> Compared:
        await self._catch_up(scope)
        return await in_thread(partial(self._embed_and_find, scope, text, threshold))

    def find(self, question: Question, threshold: float | None) -> Compared:
        found: Found = self._engine.entries.find(question.scope, question.text, question.vector, threshold=threshold)
        nearest = found.hit or next(iter(found.candidates), None)
        return Compared(question, str(found.hit.key) if found.hit else None, nearest)

    def add(self, question: Question, key: str, seconds: int) -> None:
        """Waits for nothing. `seconds` is for how long its answer is kept."""
        self._touch(question.scope)
        self._engine.entries.add(question.scope, key, question.text, question.vector)
        self._behind.put(question.scope, Entry((key, question.text, question.vector, seconds), 0.0))

    def forget(self, question: Question, key: str) -> None:
        """An answer that is no more."""
        self._engine.entries.remove(question.scope, key)

    def flush(self) -> None:
        self._behind.flush()

    def _embed_and_find(self, scope: str, text: str, threshold: float | None) -> Compared:
        return self.find(Question(scope, text, self._engine.embed(text)), threshold)

    async def _catch_up(self, scope: str) -> None:
        """Who is cut off in the midst of many pages leaves those that came to the next one."""
        seen, now = self._touch(scope), self._timer()
        if now - seen.looked < FRESH_SECONDS:
            return
        while True:
            rows = await self._shared.guard_async(partial(read_page, scope, seen.last))
            if rows:
                await in_thread(partial(self._take, scope, rows))
                seen.last = rows[-1][0].decode()
            if not rows or len(rows) < PAGE:
                break
        seen.looked = now
        self._make_room(scope)

    def _take(self, scope: str, rows: Rows) -> None:
        damaged = 0
        for _, fields in rows:
            try:
                key, text, vector = read_fields(fields)
                self._engine.entries.add(scope, key, text, vector)
            except (KeyError, ValueError):
                damaged += 1
        if damaged:
            log.warning("questions_damaged", count=damaged)

    def _touch(self, scope: str) -> Seen:
        with self._lock:
            seen = self._seen.pop(scope, None) or Seen()
            self._seen[scope] = seen
            while len(self._seen) > MOST_SCOPES:
                self._drop_oldest()
            return seen

    def _make_room(self, scope: str) -> None:
        with self._lock:
            kept = sum(map(self._engine.entries.count, self._seen))
            while kept > MOST_KEPT and len(self._seen) > 1:
                kept -= self._drop_oldest()

    def _drop_oldest(self) -> int:
        """How many questions went with it."""
        oldest, _ = self._seen.popitem(last=False)
        count = self._engine.entries.count(oldest)
        self._engine.entries.clear(oldest)
        return count

    def _write(self, batch: Waiting) -> None:
        self._shared.guard(lambda client: send(client, batch))


async def in_thread(work: Callable[[], Got]) -> Got:
    """What has not begun when its caller is cut off is not done."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


def send(client: Any, batch: Waiting) -> bool:
    """What is older than answers are kept goes, so that nobody's words stay for longer than what was said to them."""
    pipeline = client.pipeline(transaction=False)
    for scope, entry in batch:
        key, text, vector, seconds = entry.value
        name = name_of(scope)
        fields = {"key": key, "text": text, "vector": vector.astype(np.float32).tobytes()}
        pipeline.xadd(name, fields, maxlen=MOST_QUESTIONS, approximate=True)
        pipeline.xtrim(name, minid=int((time.time() - seconds) * 1000), approximate=False)
        pipeline.expire(name, seconds)
    pipeline.execute()
    return True


async def read_page(scope: str, last: str, client: Any) -> Any:
    """Of what came after `last`, the first."""
    return await client.xrange(name_of(scope), min=FIRST if last == FIRST else f"({last}", count=PAGE)


def read_fields(fields: dict[bytes, bytes]) -> tuple[str, str, Vector]:
    """Key, text and vector. Raises KeyError and ValueError."""
    vector = np.frombuffer(fields[b"vector"], dtype=np.float32)
    if not abs(float(vector @ vector) - 1) < 0.01:
        raise ValueError("a vector of length 1 is wanted")
    return fields[b"key"].decode(), fields[b"text"].decode(), vector


def name_of(scope: str) -> str:
    return f"{PREFIX}:questions:{scope}"


def find_question(exchange: Exchange, recipe: Recipe, model: str) -> tuple[str, str] | None:
    """The scope and the last user's message, where it is a text of some words. `model` is that of the vectors."""
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
    whole = [model, owner, recipe.alias.id, recipe.digest, rest, messages[:-1], others]
    body = orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(body, digest_size=16).hexdigest(), text
