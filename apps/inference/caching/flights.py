"""Who makes an answer that others of this process wait for: one upstream call for many equal questions at once."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


@dataclass(slots=True)
class Flight:
    """`until` is when nobody waits for who makes the answer any more."""

    until: float
    waiters: list[Waiter] = field(default_factory=list)


class Flights:
    """Those who wait may be in other event loops than the one who makes the answer.

    Who makes an answer for longer than `most` seconds, or is gone without a word, is replaced by the next who asks.
    """

    def __init__(self, most: float, timer: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._timer = timer
        self._lock = threading.Lock()
        self._flights: dict[str, Flight] = {}

    async def join(self, key: str, seconds: float) -> bool:
        """True for who shall make the answer; else False, once it was made or given up, or the seconds have passed."""
        with self._lock:
            now, flight = self._timer(), self._flights.get(key)
            if flight is None or now >= flight.until:
                self._flights[key] = Flight(now + self._most, flight.waiters if flight else [])
                return True
            loop = asyncio.get_running_loop()
            landed: asyncio.Future[None] = loop.create_future()
            flight.waiters.append((loop, landed))
        try:
            async with asyncio.timeout(seconds):
                await landed
        except TimeoutError:
            pass
        return False

    def land(self, key: str) -> None:
        """Lets all go on who wait for the key. Does nothing where nobody made it."""
        with self._lock:
            flight = self._flights.pop(key, None)
        for loop, landed in flight.waiters if flight else ():
            try:
                loop.call_soon_threadsafe(wake, landed)
            except RuntimeError:  # of a loop that was closed: nobody waits there
                continue


def wake(landed: "asyncio.Future[None]") -> None:
    if not landed.done():
        landed.set_result(None)
