"""Counting requests towards their limits from an event loop: in one thread, all that came in the meantime together."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import close_old_connections

from apps.users.limits import counting
from apps.users.limits.policies import Budget, Limit, Verdict

Counted = tuple[Limit, Budget | None]


class LoopCounters:
    """One loop's. While a batch is away, the next one gathers."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gateway-limits")
        self._waiting: list[tuple[Counted, asyncio.Future[Verdict]]] = []
        self._sending: asyncio.Task[None] | None = None

    async def count(self, limit: Limit, budget: Budget | None = None) -> Verdict:
        loop = asyncio.get_running_loop()
        verdict: asyncio.Future[Verdict] = loop.create_future()
        self._waiting.append(((limit, budget), verdict))
        if self._sending is None:
            self._sending = loop.create_task(self._send_all(loop))
        return await verdict

    async def _send_all(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._send(loop, batch)
        finally:
            self._sending = None

    async def _send(
        self, loop: asyncio.AbstractEventLoop, batch: Sequence[tuple[Counted, asyncio.Future[Verdict]]]
    ) -> None:
        waiters = [verdict for _, verdict in batch]
        try:
            found = await loop.run_in_executor(self._thread, count_all, [counted for counted, _ in batch])
        except Exception as error:  # noqa: BLE001 - each who waits gets it
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(error)
            return
        for waiter, verdict in zip(waiters, found, strict=True):
            if not waiter.done():
                waiter.set_result(verdict)


def count_all(requests: Sequence[Counted]) -> list[Verdict]:
    try:
        return [counting.count(limit, budget) for limit, budget in requests]
    finally:
        if any(budget for _, budget in requests):
            close_old_connections()
