"""A page's socket, for tests, and the gateway behind it, which hears the real Valkey."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from django.conf import settings
from django.test import Client

from apps.core.live import announcing, consumer
from apps.core.live import hub as hubs
from apps.core.live.announcing import CHANGED, GROUP
from apps.core.live.consumer import LiveConsumer
from apps.core.live.hub import Hub
from apps.users.models import User
from apps.users.sessions.sockets import SessionGuard

ORIGIN = "http://testserver:8000"
SECONDS = 60


class Page:
    """What a page does with its socket."""

    def __init__(self, hub: Hub, cookie: str, *, origin: str | None = ORIGIN, path: str = "/ws/live/") -> None:
        headers = [(b"host", b"testserver:8001"), (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode())]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        scope = {"type": "websocket", "path": path, "query_string": b"", "headers": headers, "subprotocols": []}
        # channels.testing has more of this, and needs a server that we do without.
        self.socket = ApplicationCommunicator(LiveConsumer.as_asgi(hub=hub), scope)

    async def open(self) -> bool:
        await self.socket.send_input({"type": "websocket.connect"})
        message = await self.socket.receive_output(timeout=SECONDS)
        return bool(message["type"] == "websocket.accept")

    async def say(self, text: str | None = None, data: bytes | None = None) -> None:
        await self.socket.send_input({"type": "websocket.receive", "text": text, "bytes": data})

    async def follow(self, *names: object, age: float = 0) -> list[str]:
        """Those that it is told about, until it asks for others."""
        await self.say(json.dumps({"follow": names, "age": age}))
        return list((await self.hear())["following"])

    async def hear(self) -> dict[str, Any]:
        message = await self.socket.receive_output(timeout=SECONDS)
        assert message["type"] == "websocket.send", message
        return dict(json.loads(message["text"]))

    async def find_end(self) -> int:
        """The code that it is closed with, and nothing comes before."""
        message = await self.socket.receive_output(timeout=SECONDS)
        assert message["type"] == "websocket.close", message
        return int(message["code"])

    async def close(self) -> None:
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.socket.wait(timeout=SECONDS)


@asynccontextmanager
async def gateway() -> AsyncIterator[Hub]:
    """Takes nobody for deaf because the machine is slow, and hears nothing that an earlier test announced."""
    hub = Hub(SessionGuard())
    patient = patch.multiple(hubs, DEAF_SECONDS=SECONDS, REPLY_SECONDS=SECONDS)
    with patient, patch.object(consumer, "CLOSE_SECONDS", SECONDS):
        await asyncio.to_thread(announcing._announcer.flush)
        try:
            yield hub
        finally:
            await asyncio.wait_for(hub.close(), SECONDS)


async def tell(*names: str) -> None:
    await get_channel_layer().group_send(GROUP, {"type": CHANGED, "names": list(names)})


def sign_in(user: User) -> str:
    """The cookie of a new session of theirs."""
    client = Client()
    client.force_login(user)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def play(scene: Callable[[], Awaitable[None]]) -> None:
    """In a loop of its own, with the database as the test has it: its transaction's connection is kept open."""
    with patch("channels.db.close_old_connections"):
        async_to_sync(limit)(scene)


async def limit(scene: Callable[[], Awaitable[None]]) -> None:
    """No scene takes so long; one that hangs is to fail."""
    await asyncio.wait_for(scene(), 5 * SECONDS)
