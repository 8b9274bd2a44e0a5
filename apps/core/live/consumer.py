"""The socket of one page: it says what it shows, and is told the names of what changed of that."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any

import structlog
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from apps.core.live.address import PATH
from apps.core.live.hub import Code, Holder, Hub
from apps.core.live.origins import is_ours
from apps.core.live.topics import may_follow, topic_of

MOST_NAMES = 60
MOST_BYTES = 4096
MOST_MESSAGES = 30
"""From a page within MESSAGE_SECONDS."""
MESSAGE_SECONDS = 60.0
PAUSE_SECONDS = 0.2
"""Between two messages to a page: what changes meanwhile goes together, each name once."""
BEAT_SECONDS = 20.0
"""A page that hears nothing for much longer takes its socket for dead."""
SEND_SECONDS = 10.0
CLOSE_SECONDS = 1.0

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

log = structlog.get_logger("touchstone.live")


class LiveConsumer(AsyncWebsocketConsumer):
    """Pages send `{"follow": ["job:7", "report"], "age": 1.5}`, which replaces what they followed before. `age` is for
    how many seconds they may have missed something. They get `{"following": [...]}`, `{"changed": [...]}`, or `{}` as
    a sign of life.
    """

    channel_layer_alias = ""  # the hub listens for all

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self.hub = hub
        self.holder: Holder | None = None
        self._following: frozenset[str] = frozenset()
        self._changed: dict[str, None] = {}
        self._came: deque[float] = deque(maxlen=MOST_MESSAGES)
        self._code = 0
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        async def receive_until_over() -> dict[str, Any]:
            coming, over = asyncio.ensure_future(receive()), asyncio.ensure_future(self._over.wait())
            try:
                await asyncio.wait({coming, over}, return_when=asyncio.FIRST_COMPLETED)
                return coming.result() if coming.done() else {"type": "live.over"}
            finally:
                coming.cancel()
                over.cancel()

        await super().__call__(scope, receive_until_over, send)

    async def live_over(self, message: dict[str, Any]) -> None:
        """Ends the socket from our side: granian closes none from which somebody still waits to receive."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.close(self._code or Code.TOO_MUCH), CLOSE_SECONDS)
        raise StopConsumer

    async def connect(self) -> None:
        if self.scope["path"] != PATH or not is_ours(self.scope):
            await self.close()
            return
        await self.accept()
        if code := await self._come_in():
            await self.close(code)
        else:
            self._sender = asyncio.create_task(self._send_all())

    async def _come_in(self) -> int:
        """0 for who may stay, else the code that the socket is closed with."""
        try:
            self.holder = await self.hub.guard.admit(self.scope)
        except Exception:
            log.exception("live_failed")
            return Code.AWAY
        return await self.hub.join(self) if self.holder else Code.ENDED

    async def disconnect(self, code: int) -> None:
        self.hub.leave(self)
        if self._sender:
            self._sender.cancel()
            with suppress(asyncio.CancelledError):
                await self._sender

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        wish = read_wish(text_data or "")
        if self.holder is None or self._code:
            return
        if wish is None or self._is_too_often():
            self.end(Code.TOO_MUCH)
            return
        names, age = wish
        self._following = frozenset(name for name in names if may_follow(self.holder.user, name))
        await self._write({"following": sorted(self._following)})
        missed = self.hub.recall(age)
        self.tell(self._following if missed is None else missed)

    def tell(self, names: Iterable[str]) -> None:
        """Notes what of these the page shows. Never more than it follows, however many come before it is told."""
        for name in names:
            topic = topic_of(name)
            if name == topic:
                self._changed |= dict.fromkeys(one for one in self._following if topic_of(one) == topic)
            else:
                self._changed |= dict.fromkeys({name, topic} & self._following)
        if self._changed:
            self._news.set()

    def end(self, code: int) -> None:
        self._code = code
        self._news.set()

    async def _send_all(self) -> None:
        with suppress(TimeoutError):
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), BEAT_SECONDS)
                if self._code:
                    break
                self._news.clear()
                changed, self._changed = self._changed, {}
                await self._write({"changed": list(changed)} if changed else {})
                await asyncio.sleep(PAUSE_SECONDS)
        self.hub.leave(self)
        self._over.set()

    async def _write(self, message: dict[str, Any]) -> None:
        """Raises TimeoutError for a page that takes nothing."""
        await asyncio.wait_for(self.send(json.dumps(message)), SEND_SECONDS)

    def _is_too_often(self) -> bool:
        now = asyncio.get_running_loop().time()
        often = len(self._came) == MOST_MESSAGES and now - self._came[0] < MESSAGE_SECONDS
        self._came.append(now)
        return often


def read_wish(text: str) -> tuple[list[str], float] | None:
    """The names and the age that a page sent; None for what is no such message, or too large."""
    if len(text) > MOST_BYTES:
        return None
    try:
        message = json.loads(text)
        names, age = message["follow"], float(message.get("age", 0))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None
    fits = isinstance(names, list) and len(names) <= MOST_NAMES and all(isinstance(name, str) for name in names)
    return (names, age) if fits and age >= 0 else None
