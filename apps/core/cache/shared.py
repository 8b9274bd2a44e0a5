"""The tier that all processes share, in Valkey. Every failure of it is a miss, and is counted."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
import structlog
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from apps.core.cache.local import Entry

log = structlog.get_logger("touchstone.cache")

FAILURES = (RedisError, OSError, orjson.JSONDecodeError, KeyError, TypeError)


class SharedTier:
    """Values are kept as JSON: what comes out is made of dicts, lists, strings and numbers."""

    def __init__(self, *, ttl: float, connect: Callable[[], Any] = get_redis_connection) -> None:
        self._milliseconds = max(1, int(ttl * 1000))
        self._connect = connect
        self.errors = 0

    def get(self, key: str) -> Entry | None:
        body = self._guard("get", lambda client: client.get(_name(key)))
        if body is None:
            return None
        try:
            record = orjson.loads(body)
            return Entry(record["value"], record["made_at"])
        except FAILURES as error:
            self._fail("decode", error)
            return None

    def set(self, key: str, entry: Entry) -> None:
        body = _encode(entry)
        self._guard("set", lambda client: client.set(_name(key), body, px=self._milliseconds))

    def set_many(self, entries: Sequence[tuple[str, Entry]]) -> None:
        """All in one trip."""
        bodies = [(_name(key), _encode(entry)) for key, entry in entries]

        def send(client: Any) -> None:
            pipeline = client.pipeline(transaction=False)
            for name, body in bodies:
                pipeline.set(name, body, px=self._milliseconds)
            pipeline.execute()

        self._guard("set_many", send)

    def delete(self, key: str) -> None:
        self._guard("delete", lambda client: client.delete(_name(key)))

    def claim(self, key: str, seconds: float) -> bool:
        """True for the one process that shall compute the value; also when the tier fails, so that nobody waits."""
        claimed = self._guard(
            "claim", lambda client: bool(client.set(f"{_name(key)}:flight", 1, nx=True, px=int(seconds * 1000)))
        )
        return claimed is not False

    def release(self, key: str) -> None:
        self._guard("release", lambda client: client.delete(f"{_name(key)}:flight"))

    def _guard(self, action: str, call: Callable[[Any], Any]) -> Any:
        try:
            return call(self._connect())
        except FAILURES as error:
            self._fail(action, error)
            return None

    def _fail(self, action: str, error: Exception) -> None:
        self.errors += 1
        log.warning("cache_failed", action=action, error=str(error) or type(error).__name__)


def _encode(entry: Entry) -> bytes:
    return orjson.dumps({"value": entry.value, "made_at": entry.made_at}, option=orjson.OPT_SERIALIZE_NUMPY)


def _name(key: str) -> str:
    return f"touchstone:{key}"
