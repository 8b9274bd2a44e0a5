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

from apps.inference.caching import engine
from apps.inference.caching.watching import note_check
from apps.inference.calling.choosing import wants_json
from apps.inference.curated import CuratedAlias, get_curated_async
from apps.inference.errors import InferenceError
from apps.inference.exchange import SEMANTIC, Body, Caller, Exchange, Reply
from apps.inference.semantic.model import load_model

SECONDS = 60.0
SAME_COSINE = 0.6
"""Two answers in words are the same from this likeness of their vectors on.

By `benchmarks.semantic_recheck` about 5 % are then counted as wrong where 5 % are, which is what thresholds aim at. At
.8 an eighth to a quarter of the right ones would be, and every threshold would become stricter for nothing. Rules for
numbers and negations were tried beside it: they find more wrong ones, and call 4 to 7 % more right ones wrong.
"""
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
    body = {name: value for name, value in exchange.body.items() if name != "stream_options"}
    asked = replace(exchange, target=reply.model, body=body, alias=alias.name, caller=Caller(), deadline=deadline)
    try:
        anew = await call_async(asked)
        same = await asyncio.to_thread(is_same, exchange.body, reply.body, anew.body)
        await asyncio.to_thread(note, alias, same)
    except (InferenceError, DatabaseError, OSError) as error:
        log.warning("semantic_hit_not_checked", alias=alias.name, error=str(error))


def note(alias: CuratedAlias, same: bool) -> None:
    try:
        note_check(alias=alias, same=same, fitted=load_model().threshold)
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
    return float(engine.embed(first) @ engine.embed(second)) >= SAME_COSINE


def read_words(body: Mapping[str, Any]) -> str:
    choices = body.get("choices") or [{}]
    return str((choices[0].get("message") or {}).get("content") or "")
