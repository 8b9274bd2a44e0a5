"""Breakers of several processes over the real Valkey, and of one that is alone."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django_redis import get_redis_connection
from redis.exceptions import ConnectionError

from apps.core.live import announcing
from apps.core.threads import BackgroundThread
from apps.inference.breaker import board as boards
from apps.inference.breaker import shared
from apps.inference.breaker.board import Board
from apps.inference.breaker.machine import Breaker
from apps.inference.breaker.provider import ProviderBreaker
from apps.inference.curated import CuratedProvider
from apps.inference.errors import BadAnswer, BreakerOpen, ConnectionFailed, RateLimited, Refused
from apps.inference.providers.connecting import Crowded
from tests.inference.breaker.passing import let_time_pass
from tests.inference.serving import make_provider

pytestmark = pytest.mark.integration

FAILURE = ConnectionFailed("gone")
A_MINUTE, A_TRIAL = pytest.approx(60, abs=20), pytest.approx(600, abs=20)
"""Seconds that a provider is left alone for, and that a trial of the tests' provider may take, on a busy machine."""


@pytest.fixture(autouse=True)
def _no_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody looks unless a test does."""
    monkeypatch.setattr(BackgroundThread, "start", lambda self: None)
    yield
    get_redis_connection().delete(shared.KEY)


@pytest.fixture
def provider() -> CuratedProvider:
    return make_provider(connect_timeout=100.0, timeout=500.0)


async def admitted(board: Board, provider: CuratedProvider) -> ProviderBreaker:
    breaker = ProviderBreaker(board, provider)
    await breaker.admit()
    return breaker


async def break_down(board: Board, provider: CuratedProvider, times: int = 5) -> None:
    for _ in range(times):
        await (await admitted(board, provider)).failed(FAILURE)


async def wait_for_trial(board: Board, provider: CuratedProvider) -> None:
    """Open, and so long ago that the next who asks makes the trial."""
    await break_down(board, provider)
    let_time_pass(provider)
    board.look()


async def refused(board: Board, provider: CuratedProvider) -> float:
    """The seconds to wait."""
    with pytest.raises(BreakerOpen) as raised:
        await admitted(board, provider)
    assert raised.value.retry_after is not None
    return raised.value.retry_after


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What boards ask Valkey, but for those that look in a thread since earlier tests of this process."""
    questions: list[str] = []
    for name in ("read_all", "step", "step_async"):
        watch(monkeypatch, name, questions)
    return questions


def is_looking_on() -> bool:
    """Whether it is the thread in which this process's own board looks, since some earlier test."""
    return threading.current_thread().name == "breakers"


def watch(monkeypatch: pytest.MonkeyPatch, name: str, questions: list[str]) -> None:
    real = getattr(shared, name)

    def ask(*args: Any, **options: Any) -> Any:
        if not is_looking_on():
            questions.append(name)
        return real(*args, **options)

    monkeypatch.setattr(shared, name, ask)


class TestTogether:
    def test_one_process_opens_it_and_another_knows(self, provider: CuratedProvider) -> None:
        async def scenario() -> None:
            one, other = Board(), Board()
            await admitted(other, provider)
            await break_down(one, provider)
            assert await refused(one, provider) == A_MINUTE
            other.look()
            assert await refused(other, provider) == A_MINUTE

        asyncio.run(scenario())

    def test_failures_of_both_count_together(self, provider: CuratedProvider) -> None:
        async def scenario() -> None:
            one, other = Board(), Board()
            await break_down(one, provider, 3)
            await break_down(other, provider, 2)
            await refused(other, provider)

        asyncio.run(scenario())

    def test_one_trial_for_all_of_them(self, provider: CuratedProvider) -> None:
        async def scenario() -> None:
            one, other = Board(), Board()
            await break_down(one, provider)
            let_time_pass(provider)
            one.look(), other.look()
            trial = await admitted(one, provider)
            assert await refused(other, provider) == A_TRIAL
            await trial.succeeded()
            other.look()
            await admitted(other, provider)
            assert other.get(provider.id) == Breaker(generation=1)

        asyncio.run(scenario())

    def test_a_trial_that_fails_opens_it_again(self, provider: CuratedProvider) -> None:
        async def scenario() -> None:
            one = Board()
            await wait_for_trial(one, provider)
            await (await admitted(one, provider)).failed(BadAnswer())
            assert await refused(one, provider) == A_MINUTE

        asyncio.run(scenario())

    @pytest.mark.parametrize("error", [Refused(), RateLimited()])
    def test_a_server_that_refuses_does_answer(self, provider: CuratedProvider, error: Any) -> None:
        async def scenario() -> None:
            one = Board()
            for _ in range(7):
                await (await admitted(one, provider)).failed(error)
            await wait_for_trial(one, provider)
            await (await admitted(one, provider)).failed(error)
            await admitted(one, provider)
            await admitted(one, provider)

        asyncio.run(scenario())

    def test_a_trial_that_was_never_sent_tells_nothing(self, provider: CuratedProvider) -> None:
        async def scenario() -> None:
            one = Board()
            await wait_for_trial(one, provider)
            await (await admitted(one, provider)).failed(Crowded())
            await admitted(one, provider)
            await refused(one, provider)

        asyncio.run(scenario())

    def test_a_trial_need_not_come_to_its_end(self, provider: CuratedProvider) -> None:
        async def scenario() -> None:
            one = Board()
            await wait_for_trial(one, provider)
            trial = await admitted(one, provider)
            await trial.answers()
            await admitted(one, provider)
            await trial.failed(BadAnswer())
            assert one.get(provider.id).failures == 1
            await trial.released()
            assert one.get(provider.id).failures == 1

        asyncio.run(scenario())

    def test_a_trial_that_was_cancelled_makes_room_at_once(self, provider: CuratedProvider) -> None:
        async def scenario() -> None:
            one = Board()
            await wait_for_trial(one, provider)
            trial = await admitted(one, provider)
            await refused(one, provider)
            await trial.released()
            await admitted(one, provider)

        asyncio.run(scenario())

    def test_while_nothing_fails_nobody_is_asked(self, provider: CuratedProvider, asked: list[str]) -> None:
        async def scenario() -> None:
            one = Board()
            await admitted(one, provider)
            assert asked == ["read_all"]
            for _ in range(20):
                await (await admitted(one, provider)).succeeded()

        asyncio.run(scenario())
        assert asked == ["read_all"]

    def test_while_it_is_open_nobody_is_asked(self, provider: CuratedProvider, asked: list[str]) -> None:
        async def scenario() -> None:
            one = Board()
            late = [await admitted(one, provider) for _ in range(3)]
            await break_down(one, provider)
            asked.clear()
            await refused(one, provider)
            for breaker in late:
                await breaker.failed(FAILURE)
                await breaker.succeeded()

        asyncio.run(scenario())
        assert not asked

    def test_pages_are_told_when_it_opens_and_closes(
        self, provider: CuratedProvider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[str] = []

        def note(topic: str, key: str) -> None:
            if threading.current_thread() is threading.main_thread():  # others tell of calls of earlier tests
                told.append(topic)

        monkeypatch.setattr(announcing._announcer, "put", note)

        async def scenario() -> None:
            one = Board()
            await break_down(one, provider, 4)
            assert told == []
            await break_down(one, provider, 1)
            assert told == ["inference"]
            let_time_pass(provider)
            one.look()
            await (await admitted(one, provider)).succeeded()
            assert told == ["inference"] * 2

        asyncio.run(scenario())


class Away:
    """Breaks every way to Valkey, and mends it again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_away = False
        for name in ("read_all", "step", "step_async"):
            monkeypatch.setattr(shared, name, self.wrap(getattr(shared, name)))

    def wrap(self, real: Any) -> Any:
        def ask(*given: Any) -> Any:
            if self.is_away and not is_looking_on():
                raise ConnectionError("gone")
            return real(*given)

        return ask


@pytest.fixture
def valkey(monkeypatch: pytest.MonkeyPatch) -> Away:
    return Away(monkeypatch)


class TestAlone:
    def test_each_process_has_its_own(self, provider: CuratedProvider, valkey: Away) -> None:
        async def scenario() -> None:
            one, other = Board(), Board()
            valkey.is_away = True
            await break_down(one, provider)
            assert one.is_alone
            await refused(one, provider)
            await admitted(other, provider)

        asyncio.run(scenario())

    def test_what_was_open_stays_so_when_valkey_goes_and_when_it_is_back(
        self, provider: CuratedProvider, valkey: Away
    ) -> None:
        async def scenario() -> None:
            one, other = Board(), Board()
            await break_down(one, provider)
            valkey.is_away = True
            one.look()
            assert one.is_alone
            assert await refused(one, provider) == A_MINUTE
            valkey.is_away = False
            one.look()
            assert not one.is_alone
            assert await refused(one, provider) == A_MINUTE
            assert await refused(other, provider) == A_MINUTE

        asyncio.run(scenario())

    def test_what_one_saw_while_alone_is_everybodys_afterwards(self, provider: CuratedProvider, valkey: Away) -> None:
        async def scenario() -> None:
            one, other = Board(), Board()
            valkey.is_away = True
            one.look(), other.look()
            await break_down(one, provider)
            await admitted(other, provider)
            valkey.is_away = False
            one.look(), other.look()
            assert await refused(one, provider) == A_MINUTE
            assert await refused(other, provider) == A_MINUTE

        asyncio.run(scenario())

    def test_a_valkey_that_lost_everything_is_told(self, provider: CuratedProvider) -> None:
        async def scenario() -> None:
            one, other = Board(), Board()
            await break_down(one, provider)
            get_redis_connection().delete(shared.KEY)
            one.look()
            assert await refused(one, provider) == A_MINUTE
            assert await refused(other, provider) == A_MINUTE

        asyncio.run(scenario())

    def test_it_closes_by_itself_too(
        self, provider: CuratedProvider, valkey: Away, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def scenario() -> None:
            one = Board()
            valkey.is_away = True
            await break_down(one, provider)
            now = one.now() + 60_001
            monkeypatch.setattr(one, "now", lambda: now)
            trial = await admitted(one, provider)
            await refused(one, provider)
            await trial.succeeded()
            await admitted(one, provider)
            await admitted(one, provider)

        asyncio.run(scenario())


def test_a_look_that_was_overtaken_by_a_step_changes_nothing(
    provider: CuratedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Board()
    real = shared.read_all

    def be_overtaken(client: Any) -> Any:
        found = real(client)
        if not is_looking_on():
            one.step(provider.id, "fail", boards.Policy())
        return found

    monkeypatch.setattr(shared, "read_all", be_overtaken)
    one.look()
    assert one.get(provider.id).failures == 1
