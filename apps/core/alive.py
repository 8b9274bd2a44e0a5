"""Processes that answer no requests say in Valkey that they are alive, so that the others can tell."""

import threading
import time
from collections.abc import Callable
from functools import cache

import structlog
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from apps.core.health import Unhealthy

EVERY_SECONDS = 5.0
GOOD_FOR_SECONDS = 20

log = structlog.get_logger("touchstone.alive")


@cache
def keep_noting(part: str) -> threading.Thread:
    """Notes from a thread, for as long as the process lives, that there is a `part`."""
    thread = threading.Thread(target=_note_on, args=[part], name=f"alive-{part}", daemon=True)
    thread.start()
    return thread


def note(part: str) -> None:
    get_redis_connection("default").set(_key(part), 1, ex=GOOD_FOR_SECONDS)


def make_check(part: str) -> Callable[[], str]:
    """A check for the health page: whether any process was such a part within the last seconds."""

    def check() -> str:
        try:
            is_there = get_redis_connection("default").exists(_key(part))
        except (RedisError, OSError) as error:
            raise Unhealthy("cannot be told while the cache is away") from error
        if not is_there:
            raise Unhealthy(f"was not heard of for {GOOD_FOR_SECONDS} seconds")
        return "at work"

    return check


def _note_on(part: str) -> None:
    while True:
        try:
            note(part)
        except (RedisError, OSError) as error:
            log.debug("not_noted", part=part, error=str(error))
        time.sleep(EVERY_SECONDS)


def _key(part: str) -> str:
    return f"touchstone:alive:{part}"
