"""The gateway, but it also writes calls down and reads what is curated when it is told to: tests wait for that."""

import config.asgi  # noqa: I001 - Django has to be set up first
import asyncio
from typing import Any

from apps.inference.curated import forget_curated
from apps.inference.recording.recorder import recorder
from tests.inference.gateway import LEARN, WRITE

ACTS = {WRITE: recorder._look_and_flush, LEARN: forget_curated}


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    act = ACTS.get(scope.get("path", ""))
    if act is None:
        await config.asgi.application(scope, receive, send)
        return
    await asyncio.to_thread(act)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"done"})
