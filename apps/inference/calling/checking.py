"""Answers that a cache gave to other words are asked for anew now and then, behind the caller: were they right?

The product pays for it, not the person: nobody asked for that answer.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from apps.inference.caching import meaning
from apps.inference.caching.exchanges import SEMANTIC
from apps.inference.caching.watching import note_check
from apps.inference.calling.choosing import wants_json
from apps.inference.curated import get_curated_async
from apps.inference.errors import InferenceError
from apps.inference.exchange import Body, Caller, Exchange, Reply
from apps.inference.semantic.model import load_model

SECONDS = 60.0
SAME_COSINE = 0.8
"""Two answers in words are the same from this likeness of their vectors on."""
MOST_AT_ONCE = 4

log = structlog.get_logger("touchstone.cache")
_tasks: set[asyncio.Task[None]] = set()


def check_sometimes(exchange: Exchange, reply: Reply) -> None:
    """Waits for nothing."""
    if reply.cache != SEMANTIC or len(_tasks) >= MOST_AT_ONCE:
        return
    if random.random() < settings.SEMANTIC_CHECK_SHARE:  # noqa: S311 - a sample
        task = asyncio.get_running_loop().create_task(check(exchange, reply))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)


async def check(exchange: Exchange, reply: Reply) -> None:
    """Asks the model that gave the earlier answer. What cannot be asked now tells nothing."""
    from apps.inference.calling.client import call_async

    alias = (await get_curated_async()).aliases.get(exchange.target)
    if alias is None:
        return
    deadline = time.monotonic() + SECONDS
    asked = replace(exchange, target=reply.model, alias=alias.name, caller=Caller(), deadline=deadline)
    try:
        anew = await call_async(asked)
        same = await asyncio.to_thread(is_same, exchange.body, reply.body, anew.body)
        await asyncio.to_thread(note, alias.id, same)
    except (InferenceError, DatabaseError, OSError) as error:
        log.warning("semantic_hit_not_checked", alias=alias.name, error=str(error))


def note(alias_id: int, same: bool) -> None:
    try:
        note_check(alias_id=alias_id, same=same, fitted=load_model().threshold)
    finally:
        close_old_connections()


def is_same(question: Body, one: Body, other: Body) -> bool:
    """JSON is compared as it is, words by what they mean."""
    first, second = read_words(one), read_words(other)
    if wants_json(question):
        try:
            return bool(orjson.loads(first) == orjson.loads(second))
        except orjson.JSONDecodeError:
            return False
    if " ".join(first.split()) == " ".join(second.split()):
        return True
    return float(meaning.embed(first) @ meaning.embed(second)) >= SAME_COSINE


def read_words(body: Mapping[str, Any]) -> str:
    choices = body.get("choices") or [{}]
    return str((choices[0].get("message") or {}).get("content") or "")
