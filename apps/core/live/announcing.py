"""From whatever process changes something to the gateways: names, gathered for a moment and sent by a thread."""

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial

import structlog
from django.db import transaction
from redis.exceptions import RedisError

from apps.core.live.topics import is_known
from apps.core.threads import BackgroundThread

GROUP = "live"
CHANGED = "live.changed"
GATHER_SECONDS = 0.25
MOST_KEYS = 200
"""Of one topic at a time; of more it is only said that something has changed."""

log = structlog.get_logger("touchstone.live")

Names = list[str]


def announce(topic: str, key: object = "") -> None:
    """Says, once the transaction is through, that what `key` names has changed; without a key, that something has.

    Costs a few microseconds, and never fails whoever writes: what cannot be sent, pages find out by asking.
    """
    if not is_known(topic):
        raise ValueError(f"there is no topic {topic!r}: register it in apps.py")
    transaction.on_commit(partial(_announcer.put, topic, str(key)), robust=True)


def announce_now(topic: str, key: object = "") -> None:
    """As announce, for what is in no table: an event loop can't ask the database whether a transaction is open."""
    if not is_known(topic):
        raise ValueError(f"there is no topic {topic!r}: register it in apps.py")
    _announcer.put(topic, str(key))


class Announcer:
    """Hands names to `send`, each once however often it was put meanwhile. `send` deals with its failures."""

    def __init__(self, send: Callable[[Names], None], *, gather: float = GATHER_SECONDS) -> None:
        self._send = send
        self._gather = gather
        self._waiting: dict[str, dict[str, None]] = {}
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        self._thread = BackgroundThread("announcer", self._run, finish=self.flush)

    def put(self, topic: str, key: str) -> None:
        with self._changed:
            keys = self._waiting.setdefault(topic, {})
            if "" not in keys:
                keys[key] = None
            if len(keys) > MOST_KEYS or not key:
                self._waiting[topic] = {"": None}
            self._thread.start()
            self._changed.notify()

    def flush(self) -> None:
        """Returns when all that was put before is sent."""
        with self._sending:
            with self._changed:
                waiting, self._waiting = self._waiting, {}
            if waiting:
                self._send([f"{topic}:{key}" if key else topic for topic, keys in waiting.items() for key in keys])

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
            self.flush()
            time.sleep(self._gather)


def send_names(names: Names) -> None:
    """Tells all gateways. What they do not hear they find out for themselves: see `Hub`."""
    try:
        asyncio.run(_publish(names))
    except (RedisError, OSError) as error:
        log.warning("not_announced", names=len(names), error=str(error) or type(error).__name__)


async def _publish(names: Names) -> None:
    from channels.layers import get_channel_layer

    layer = get_channel_layer()
    await layer.group_send(GROUP, {"type": CHANGED, "names": names})


_announcer = Announcer(send_names)
