"""Questions to the alias "cheap" through the one client, and likeness that is the cosine of the tests' own vectors."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from apps.inference.caching import alike
from apps.inference.caching.engine import Engine, Standing
from apps.inference.caching.meaning import Meanings
from apps.inference.calling import call_async
from apps.inference.exchange import Caller, Exchange, Look, Reply
from apps.inference.semantic.lookup import Candidate, Entries, Found, Level
from tests.inference.serving import make_exchange, run
from tests.scripted import ScriptedServer

VECTORS = {"How do I boil eggs?": [1.0, 0.0], "How are eggs boiled?": [0.96, 0.28], "How do I fry eggs?": [0.6, 0.8]}
FIRST, ALIKE, OTHER = VECTORS


def ask(body: dict[str, Any] | None = None, user: int = 1, **changes: Any) -> Exchange:
    return replace(make_exchange("cheap", body), caller=Caller(user=user), **changes)


def say(text: str, before: str = "Be brief.", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "system", "content": before}, {"role": "user", "content": text}], **more}


def ask_in_turn(*asked: Exchange) -> list[Reply]:
    async def scenario() -> list[Reply]:
        return [await call_async(one) for one in asked]

    return run(scenario)


def ask_and_look(text: str) -> tuple[str, Look]:
    """How the caches answered, and how the last of their levels did."""
    asked = ask(say(text))
    [reply] = ask_in_turn(asked)
    return reply.cache, asked.looks[-1]


def count_requests(scripted: ScriptedServer) -> int:
    return int(scripted.counts()["totals"]["requests"])


class ByCosine(Entries):
    """Means the same from .9 on."""

    def find(self, owner: Any, text: str, vector: Any, *, threshold: float | None = None) -> Found:
        shelf = self._shelves.get(owner)
        judged = [
            Candidate(key, text, float(own @ vector), float(own @ vector))
            for key, text, own in zip(shelf.keys, shelf.texts, shelf.vectors, strict=False)
        ] if shelf else []  # fmt: skip
        best = max(judged, key=lambda one: one.probability, default=None)
        hit = best if best and best.probability >= (threshold or 0.9) else None
        return Found(hit, Level.SEMANTIC if hit else None, tuple(judged))


def make_engine() -> Engine:
    entries = ByCosine(None, {}, dimensions=2)  # type: ignore[arg-type]
    return Engine(entries, lambda text: np.array(VECTORS[text], dtype=np.float32), "of the tests")


@dataclass(frozen=True)
class Loaded:
    """As a process's loader is once it is done."""

    engine: Engine

    def peek(self) -> Standing:
        return Standing(self.engine)


def put_engine(monkeypatch: pytest.MonkeyPatch, used: Engine) -> Meanings:
    """As another process has it. What it knows of questions."""
    monkeypatch.setattr(alike, "engines", Loaded(used))
    return alike.make_meanings(used)
