"""What a process keeps of a table: looked at anew, behind those who ask, and never much older than it says."""

import asyncio
import threading
from types import SimpleNamespace

import pytest
from django.db import OperationalError

from apps.inference import kept
from apps.inference.kept import Kept

pytestmark = pytest.mark.unit


class Table:
    """What is read, how often, and when it may be."""

    def __init__(self) -> None:
        self.value = "first"
        self.reads = 0
        self.is_away = False
        self.may_be_read = threading.Event()
        self.may_be_read.set()

    def read(self) -> list[str]:
        self.may_be_read.wait(60)
        self.reads += 1
        if self.is_away:
            raise OperationalError("gone")
        return [self.value]


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, to be set. It begins long ago, so that what others look at meanwhile is looked at anew afterwards."""
    clock = [0.0]
    monkeypatch.setattr(kept, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    return clock


def keep(table: Table) -> Kept[list[str]]:
    return Kept("things", table.read, seconds=1.0)


def test_it_is_read_once_a_second_and_stays_the_same_object(table: Table, now: list[float]) -> None:
    things = keep(table)
    first = things.get()
    assert (things.get(), table.reads) == (first, 1)
    now[0] += 1
    assert things.get() is first
    assert table.reads == 2
    table.value = "second"
    now[0] += 1
    assert things.get() == ["second"]


def test_what_is_known_serves_while_the_database_is_away(table: Table, now: list[float]) -> None:
    things = keep(table)
    first = things.get()
    table.is_away = True
    now[0] += 5
    assert things.get() is first
    assert asyncio.run(things.get_async()) is first
    things.forget()
    with pytest.raises(OperationalError):
        things.get()


def test_a_loop_does_not_wait_for_a_look_that_is_just_due(table: Table, now: list[float]) -> None:
    things = keep(table)
    first = things.get()
    table.value = "second"
    table.may_be_read.clear()
    now[0] += 1

    async def scenario() -> None:
        assert await things.get_async() is first
        assert await things.get_async() is first
        table.may_be_read.set()
        while things.peek() is first:
            await asyncio.sleep(0.001)
        assert await things.get_async() == ["second"]

    asyncio.run(scenario())
    assert table.reads == 2


def test_who_comes_after_a_long_time_gets_what_is_so_now(table: Table, now: list[float]) -> None:
    things = keep(table)
    things.get()
    table.value = "second"
    now[0] += 2

    async def many() -> list[list[str]]:
        return await asyncio.gather(*[things.get_async() for _ in range(9)])

    assert asyncio.run(many()) == [["second"]] * 9
    assert table.reads == 2
