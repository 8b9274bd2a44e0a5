"""One event loop in a thread of a process that has none: its pages and jobs call models through it."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from apps.core.threads import BackgroundThread
from apps.inference.calling.client import call_async
from apps.inference.exchange import Exchange, Reply
from apps.inference.providers.registry import close_adapters

Got = TypeVar("Got")
CLOSE_SECONDS = 2.0


def call(exchange: Exchange) -> Reply:
    """As call_async, for code that waits."""
    return run(call_async(exchange))


def run(work: Coroutine[Any, Any, Got]) -> Got:
    """Its result, from this process's loop. What interrupts the wait cancels the work."""
    future = asyncio.run_coroutine_threadsafe(work, _get_loop())
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def end_loop() -> None:
    """Ends it, with its threads and what they are connected to. The next call begins another."""
    global _kept
    with _starting:
        if _kept is not None:
            _kept.finish()
            _kept = None


class _LoopThread:
    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self._thread = BackgroundThread("inference-loop", self._run, finish=self.finish)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def finish(self) -> None:
        if self.pid == os.getpid() and self.loop.is_running():
            with suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(CLOSE_SECONDS)
            self.loop.call_soon_threadsafe(self.loop.stop)

    async def _close(self) -> None:
        await close_adapters()
        await self.loop.shutdown_default_executor()


_starting = threading.Lock()
_kept: _LoopThread | None = None


def _get_loop() -> asyncio.AbstractEventLoop:
    global _kept
    with _starting:
        if _kept is None or _kept.pid != os.getpid():  # a fork takes no threads along, and shares the loop's sockets
            _kept = _LoopThread()
        return _kept.loop
