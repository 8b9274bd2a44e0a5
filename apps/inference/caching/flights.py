"""Who makes an answer that others of this process wait for: one upstream call for many equal questions at once."""

import asyncio
import threading

Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class Flights:
    """Those who wait may be in other event loops than the one who makes the answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[str, list[Waiter]] = {}

    async def join(self, key: str, seconds: float) -> bool:
        """True for who shall make the answer; else False, once it was made or given up, or the seconds have passed."""
        with self._lock:
            waiters = self._waiters.get(key)
            if waiters is None:
                self._waiters[key] = []
                return True
            loop = asyncio.get_running_loop()
            landed: asyncio.Future[None] = loop.create_future()
            waiters.append((loop, landed))
        try:
            async with asyncio.timeout(seconds):
                await landed
        except TimeoutError:
            pass
        return False

    def land(self, key: str) -> None:
        """Lets all go on who wait for the key. Does nothing where nobody made it."""
        with self._lock:
            waiters = self._waiters.pop(key, [])
        for loop, landed in waiters:
            try:
                loop.call_soon_threadsafe(wake, landed)
            except RuntimeError:  # of a loop that was closed: nobody waits there
                continue


def wake(landed: "asyncio.Future[None]") -> None:
    if not landed.done():
        landed.set_result(None)
