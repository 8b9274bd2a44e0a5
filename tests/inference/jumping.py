"""A loop whose clock tests can rely on, however busy the machine is."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Got = TypeVar("Got")


class JumpingSelector(selectors.DefaultSelector):
    """Waits for nothing, and counts the seconds that it was to wait."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.passed += timeout or 0.0
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """Its clock stands still while there is something to do, and jumps to the next timer where there is nothing.

    For what neither waits for others nor works in threads.
    """

    def __init__(self) -> None:
        self._jumping = JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.passed


def run_jumping(work: Coroutine[Any, Any, Got]) -> tuple[Got, float]:
    """What came of it, and how many seconds of its loop's clock it took."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        got = runner.run(work)
        return got, runner.get_loop().time()
