"""What a gateway process hears, and what it does when it hears nothing."""

import asyncio
from unittest.mock import patch

import pytest
from django.db import OperationalError

from apps.core.live import hub as hubs
from apps.core.live.hub import REMEMBERED, Code, Holder, Hub
from tests.core.live.sockets import SECONDS, gateway, play, tell

HOLDER = Holder(session=1, user=None, state=())


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Listener:
    holder = HOLDER

    def __init__(self) -> None:
        self.told: list[str] = []
        self.ended = asyncio.Event()
        self.code = 0

    def tell(self, names: list[str]) -> None:
        self.told += names

    def end(self, code: int) -> None:
        self.code = code
        self.ended.set()


class Guard:
    """Lets everybody in; `error` is what it raises when it is to look again."""

    error: Exception | None = None

    async def admit(self, scope: dict) -> Holder:
        return HOLDER

    async def find_ended(self, holders: object) -> set[int]:
        if self.error:
            raise self.error
        return set()


@pytest.mark.unit
def test_it_recalls_what_was_heard_since() -> None:
    clock = Clock()
    hub = Hub(Guard(), clock=clock)
    hub._take({"type": "live.beat"})
    for second in range(10):
        clock.now += 1
        hub._take({"names": [f"job:{second}", "report"]})
    assert hub.recall(2.5) == ["job:7", "report", "job:8", "job:9"]
    assert hub.recall(0) == ["job:9", "report"]


@pytest.mark.unit
def test_it_does_not_claim_to_know_what_it_did_not_hear() -> None:
    clock = Clock()
    hub = Hub(Guard(), clock=clock)
    hub._take({"type": "live.beat"})
    clock.now += 5
    assert hub.recall(4) == []
    assert hub.recall(6) is None


@pytest.mark.unit
def test_what_it_remembers_is_bounded_and_it_knows() -> None:
    clock = Clock()
    hub = Hub(Guard(), clock=clock)
    hub._take({"type": "live.beat"})
    clock.now += 5
    hub._take({"names": [f"job:{key}" for key in range(REMEMBERED)]})
    assert len(hub.recall(1)) == REMEMBERED
    clock.now += 1
    hub._take({"names": ["job:1"]})
    assert hub.recall(2) is None
    assert len(hub._heard) == REMEMBERED


@pytest.mark.integration
@pytest.mark.critical
def test_when_nothing_is_heard_pages_are_sent_off_until_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """As without Valkey: its own signs of life do not come back."""
    monkeypatch.setattr(hubs, "TEND_SECONDS", 0.01)
    monkeypatch.setattr(hubs, "DEAF_SECONDS", SECONDS)
    monkeypatch.setattr(hubs, "REPLY_SECONDS", SECONDS)
    send_beat = Hub._send_beat

    async def scene() -> None:
        hub, first, second = Hub(Guard()), Listener(), Listener()
        assert await hub.join(first) == 0

        async def send_nothing(self: Hub) -> None:
            return None

        monkeypatch.setattr(Hub, "_send_beat", send_nothing)
        monkeypatch.setattr(hubs, "DEAF_SECONDS", 0.3)
        await asyncio.wait_for(first.ended.wait(), SECONDS)
        assert first.code == Code.AWAY
        assert await hub.join(second) == Code.AWAY
        monkeypatch.setattr(Hub, "_send_beat", send_beat)
        monkeypatch.setattr(hubs, "DEAF_SECONDS", 10)
        while await hub.join(second) == Code.AWAY:
            pass
        await tell("job:7")
        while not second.told:
            await asyncio.sleep(0.01)
        assert first.told == []
        await hub.close()
        assert second.code == Code.AWAY

    play(scene)


@pytest.mark.integration
def test_when_nobody_can_say_who_is_signed_in_pages_are_sent_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "TEND_SECONDS", 0.01)

    async def scene() -> None:
        guard, listener = Guard(), Listener()
        hub = Hub(guard)
        assert await hub.join(listener) == 0
        guard.error = OperationalError("the server is away")
        await asyncio.wait_for(listener.ended.wait(), SECONDS)
        assert listener.code == Code.AWAY
        await hub.close()

    play(scene)


@pytest.mark.integration
def test_it_rests_when_nobody_has_been_there_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "TEND_SECONDS", 0.01)

    async def scene() -> None:
        async with gateway() as hub:
            hub.guard = Guard()
            listener = Listener()
            assert await hub.join(listener) == 0
            hub.leave(listener)
            with patch.object(hubs, "IDLE_SECONDS", 0.1):
                await asyncio.wait_for(hub._tending, SECONDS)
            assert await hub.join(listener) == 0

    play(scene)
