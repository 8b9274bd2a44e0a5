"""What one gateway process hears, and the sockets that it tells: it listens once, however many they are."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from apps.core.live.announcing import GROUP
from apps.core.live.topics import topic_of

TEND_SECONDS = 1.0
DEAF_SECONDS = 4.0
"""Without a word for so long, Valkey is away: pages are sent off to ask for themselves."""
REPLY_SECONDS = 2.0
"""How long Valkey may take to do what it is asked."""
IDLE_SECONDS = 60.0
REMEMBERED = 500
MOST_SOCKETS = 32
"""Of one session at a time."""
BEAT = {"type": "live.beat"}
SESSIONS = "session"
"""The topic that says which sessions were ended, so that nobody waits for the next look at them."""

log = structlog.get_logger("touchstone.live")


class Code(IntEnum):
    """What a socket is closed with: 4401 is ours, the others are of RFC 6455 and its registry."""

    TOO_MUCH = 1008
    AWAY = 1013
    ENDED = 4401


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a socket: their session, and what of them must stay as it is for the socket to stay open."""

    session: int
    user: Any
    state: tuple[object, ...]


class Guard(Protocol):
    """Says who somebody is, by the same rules as for pages."""

    async def admit(self, scope: dict[str, Any]) -> Holder | None: ...

    async def find_ended(self, holders: Collection[Holder]) -> set[int]:
        """The sessions of those who may not hold a socket any more."""
        ...


class Listener(Protocol):
    """A socket as the hub sees it. Neither call waits for anything."""

    holder: Holder

    def tell(self, names: Iterable[str]) -> None: ...

    def end(self, code: int) -> None: ...


class Hub:
    """Belongs to one event loop. Works from the first socket until none has been there for a minute."""

    def __init__(self, guard: Guard, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.guard = guard
        self._clock = clock
        self._sockets: set[Listener] = set()
        self._heard: deque[tuple[float, str]] = deque(maxlen=REMEMBERED)
        self._whole_since = 0.0  # from when on nothing is missing in what was heard
        self._heard_at = 0.0
        self._used_at = 0.0
        self._hearing = asyncio.Event()
        self._look = asyncio.Event()
        self._ear: asyncio.Task[None] | None = None
        self._hearings = 0
        self._tending: asyncio.Task[None] | None = None

    async def join(self, socket: Listener) -> int:
        """0 when it will be told what changes, else the code that it is to be closed with."""
        if sum(one.holder.session == socket.holder.session for one in self._sockets) >= MOST_SOCKETS:
            return Code.TOO_MUCH
        self._used_at = self._clock()
        if self._tending is None or self._tending.done():
            self._begin_hearing()
            self._tending = asyncio.create_task(self._tend())
        try:
            await asyncio.wait_for(self._hearing.wait(), DEAF_SECONDS)
        except TimeoutError:
            return Code.AWAY
        self._sockets.add(socket)
        return 0

    def leave(self, socket: Listener) -> None:
        self._sockets.discard(socket)
        self._used_at = self._clock()

    def recall(self, seconds: float) -> list[str] | None:
        """The names heard in the last `seconds`; None when nobody knows whether these are all."""
        since = self._clock() - seconds
        if since < self._whole_since:
            return None
        return list(dict.fromkeys(name for heard_at, name in self._heard if heard_at >= since))

    async def close(self) -> None:
        """Sends all sockets off and ends."""
        self._send_off()
        tasks = [task for task in (self._tending, self._ear) if task]
        self._tending = self._ear = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin_hearing(self) -> None:
        """Subscribes, anew where it had broken off."""
        if self._ear:
            self._ear.cancel()
        self._hearing.clear()
        self._heard_at = self._clock()
        self._hearings += 1
        self._ear = asyncio.create_task(self._hear(self._hearings))

    async def _hear(self, number: int) -> None:
        """Until it breaks off, or another begins: the layer does not always let itself be cancelled at once."""
        layer = get_channel_layer()
        try:
            await asyncio.wait_for(layer.flush(), REPLY_SECONDS)
            channel = await layer.new_channel()
            await layer.group_add(GROUP, channel)
            self._look.set()  # whether it is heard shows at the next sign of life
            while number == self._hearings:
                self._take(await layer.receive(channel))
        except (RedisError, OSError) as error:
            log.warning("live_cut", error=str(error) or type(error).__name__)

    def _take(self, message: dict[str, Any]) -> None:
        now = self._heard_at = self._clock()
        if not self._hearing.is_set():
            self._heard.clear()
            self._whole_since = now
            self._hearing.set()
        names: list[str] = message.get("names", [])
        for name in names:
            if len(self._heard) == REMEMBERED:
                self._whole_since = now
            self._heard.append((now, name))
        if any(topic_of(name) == SESSIONS for name in names):
            self._look.set()
        for socket in list(self._sockets) if names else ():
            socket.tell(names)

    async def _tend(self) -> None:
        """Each second: are we heard, who may still listen, and is anybody there?"""
        while self._sockets or self._clock() - self._used_at < IDLE_SECONDS:
            await self._send_beat()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), TEND_SECONDS)
            self._look.clear()  # before looking: who is told of meanwhile is looked at next
            if self._clock() - self._heard_at > DEAF_SECONDS:
                self._send_off()
                self._begin_hearing()
            try:
                await self._end_ended()
            except Exception:
                # Who cannot be looked at is not told anything either.
                log.exception("live_failed")
                self._send_off()
        if self._ear:
            self._ear.cancel()

    async def _send_beat(self) -> None:
        """What we send to ourselves as everybody else does: when it does not come, nothing does."""
        try:
            await asyncio.wait_for(get_channel_layer().group_send(GROUP, BEAT), REPLY_SECONDS)
        except (RedisError, OSError) as error:
            log.warning("live_cut", error=str(error) or type(error).__name__)

    async def _end_ended(self) -> None:
        holders = {socket.holder.session: socket.holder for socket in self._sockets}
        ended = await self.guard.find_ended(holders.values()) if holders else set()
        for socket in list(self._sockets):
            if socket.holder.session in ended:
                self._sockets.discard(socket)
                socket.end(Code.ENDED)

    def _send_off(self) -> None:
        """Pages without a socket ask by themselves, and come back now and then."""
        sockets, self._sockets = self._sockets, set()
        for socket in sockets:
            socket.end(Code.AWAY)
