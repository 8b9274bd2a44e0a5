import asyncio

import pytest

from apps.inference.caching.flights import Flights

pytestmark = pytest.mark.unit


def test_who_is_gone_without_a_word_is_replaced() -> None:
    now = [0.0]
    flights = Flights(10, lambda: now[0])

    async def scenario() -> None:
        assert await flights.join("a", 1)
        assert not await flights.join("a", 0)
        now[0] = 10
        assert await flights.join("a", 0)
        assert not await flights.join("a", 0)

    asyncio.run(scenario())


def test_those_who_waited_for_both_go_on_together() -> None:
    now = [0.0]
    flights = Flights(10, lambda: now[0])

    async def scenario() -> list[bool]:
        assert await flights.join("a", 1)
        first = asyncio.create_task(flights.join("a", 30))
        await asyncio.sleep(0)
        now[0] = 10
        assert await flights.join("a", 1)
        second = asyncio.create_task(flights.join("a", 30))
        await asyncio.sleep(0)
        flights.land("a")
        return [await first, await second, await flights.join("a", 1)]

    assert asyncio.run(scenario()) == [False, False, True]
