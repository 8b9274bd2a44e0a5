"""How long is waited for each part of a stream, by one timer for all of them."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Got = TypeVar("Got")


class Patience:
    """Waits end at the deadline, in seconds of the loop's clock, or after `silence` seconds.

    asyncio.timeout sets a timer for each wait, which is a third of what a part takes. One task waits at a time.
    """

    def __init__(self, seconds_left: float, silence: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + seconds_left
        self._silence = silence
        self._until = self._deadline
        self._task: asyncio.Task[object] | None = None
        self._is_over = False
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, coming: Awaitable[Got]) -> Got:
        """Raises TimeoutError, after the wait was cancelled."""
        task = asyncio.current_task()
        assert task is not None
        now = self._loop.time()
        if now >= self._deadline:
            raise TimeoutError
        cancelling = task.cancelling()
        self._until = min(self._deadline, now + self._silence)
        self._task = task
        if self._timer is None:
            self._timer = self._loop.call_at(self._until, self._look)
        try:
            return await coming
        except asyncio.CancelledError:
            if self._is_over and task.uncancel() <= cancelling:
                raise TimeoutError from None
            raise
        finally:
            self._task = None

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        """Sets the timer again while a later wait has time left: each wait begins with as much as the one before."""
        self._timer = None
        if self._task is None:
            return
        if self._loop.time() < self._until:
            self._timer = self._loop.call_at(self._until, self._look)
        else:
            self._is_over = True
            self._task.cancel()
