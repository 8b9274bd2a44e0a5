"""The gateway, but it writes calls down when it is told to, too: tests wait for that."""

import config.asgi  # noqa: I001 - Django has to be set up first
import asyncio
from typing import Any

from apps.inference.recording.recorder import recorder
from tests.inference.gateway import WRITE


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope.get("path") != WRITE:
        await config.asgi.application(scope, receive, send)
        return
    await asyncio.to_thread(recorder._look_and_flush)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"written"})
