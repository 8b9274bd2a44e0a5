"""Valkey for code in an event loop: one client a loop, on the server of the shared cache."""

import asyncio
from weakref import WeakKeyDictionary

from django.conf import settings
from django.core.cache import DEFAULT_CACHE_ALIAS
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

FAILURES = (RedisError, OSError)
"""What may be raised while Valkey is away."""
TIMEOUT_SECONDS = 0.5

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Redis]] = WeakKeyDictionary()


def get_async_client(alias: str = DEFAULT_CACHE_ALIAS) -> Redis:
    """The running loop's own. Gives up after half a second, and asks twice where a kept connection was cut."""
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    if alias not in clients:
        clients[alias] = Redis.from_url(
            settings.CACHES[alias]["LOCATION"],
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )
    return clients[alias]
