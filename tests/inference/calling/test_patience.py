"""Waits that end in time, by one timer for all of them."""

import asyncio
import contextlib
import itertools
from collections.abc import Coroutine
from typing import Any

import pytest

from apps.inference.calling.patience import Patience
from tests.inference.jumping import run_jumping

pytestmark = pytest.mark.unit


def run(work: Coroutine[Any, Any, None]) -> float:
    _, seconds = run_jumping(work)
    return seconds


def test_each_wait_has_its_own_time() -> None:
    async def work() -> None:
        patience = Patience(60, 0.2)
        for _ in range(4):
            await patience.wait(asyncio.sleep(0.1))
        with pytest.raises(TimeoutError):
            await patience.wait(asyncio.sleep(60))
        patience.end()

    assert run(work()) == pytest.approx(0.6)


def test_the_deadline_is_common_to_all() -> None:
    async def work() -> None:
        patience = Patience(0.3, 60)
        waits = itertools.count()
        with contextlib.suppress(TimeoutError):
            while next(waits) < 100:
                await patience.wait(asyncio.sleep(0.04))
        assert next(waits) == 8  # the last of them was cut off

    assert run(work()) == pytest.approx(0.3)


def test_time_between_waits_counts_for_the_deadline_alone() -> None:
    async def work() -> None:
        patience = Patience(0.5, 0.05)
        await patience.wait(asyncio.sleep(0))
        await asyncio.sleep(0.2)
        await patience.wait(asyncio.sleep(0))
        await asyncio.sleep(0.2)
        with pytest.raises(TimeoutError):
            await patience.wait(asyncio.sleep(60))
        await asyncio.sleep(0.1)
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        with pytest.raises(TimeoutError):
            await patience.wait(done)

    assert run(work()) == pytest.approx(0.55)


def test_who_is_cancelled_from_outside_is_cancelled() -> None:
    async def work() -> None:
        patience = Patience(60, 60)
        task = asyncio.create_task(patience.wait(asyncio.sleep(60)))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        patience.end()

    assert run(work()) == pytest.approx(0.05)


def test_errors_and_results_come_as_they_are() -> None:
    async def fail() -> None:
        raise ValueError("mine")

    async def work() -> None:
        patience = Patience(60, 60)
        assert await patience.wait(asyncio.sleep(0, "result")) == "result"
        with pytest.raises(ValueError, match="mine"):
            await patience.wait(fail())
        patience.end()

    run(work())
