"""Connections: how many, how many are kept, where they may go, and that a redirect is followed nowhere."""

import asyncio
import socket
from collections import Counter
from typing import Any

import orjson
import pytest
from django.test import override_settings

from apps.inference.curated import CuratedProvider
from apps.inference.errors import (
    ConnectionFailed,
    InferenceError,
    LostAnswer,
    Misconfigured,
    RateLimited,
    Spent,
    TimedOut,
)
from apps.inference.models import ProviderKind
from apps.inference.providers import connecting
from apps.inference.providers.connecting import Connections
from tests.inference.serving import make_provider
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration
CHAT = {"model": "scripted-chat", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counts: Counter[str] = Counter()
    real = connecting.open_socket

    def open_socket(info: Any) -> socket.socket:
        found = real(info)
        counts["opened"] += 1
        return found

    monkeypatch.setattr(connecting, "open_socket", open_socket)
    return counts


async def ask(connections: Connections, provider: CuratedProvider, body: dict[str, Any]) -> int:
    url = f"{provider.base_url}/chat/completions"
    return (await connections.ask("POST", url, orjson.dumps(body), timeout=60)).status


def ask_at_once(provider: CuratedProvider, times: int, rounds: int = 1, body: dict[str, Any] = CHAT) -> list[int]:
    async def work() -> list[int]:
        connections = Connections(provider)
        try:
            found: list[int] = []
            for _ in range(rounds):
                found += await asyncio.gather(*(ask(connections, provider, body) for _ in range(times)))
            return found
        finally:
            await connections.close()

    return asyncio.run(work())


def test_a_connection_is_used_again(scripted: ScriptedServer, opened: Counter[str]) -> None:
    assert ask_at_once(make_provider(scripted), 1, rounds=5) == [200] * 5
    assert opened["opened"] == 1


def test_no_more_connections_than_are_allowed(scripted: ScriptedServer, opened: Counter[str]) -> None:
    scripted.script("slow", always={"delay": 0.05})
    body = {**CHAT, "model": "slow"}
    assert ask_at_once(make_provider(scripted, max_connections=4), 12, body=body) == [200] * 12
    assert opened["opened"] <= 4


def test_who_finds_all_connections_in_use_is_told_so_and_it_is_no_fault_of_the_provider(
    scripted: ScriptedServer,
) -> None:
    scripted.script("held", always={"hang": True})
    provider = make_provider(scripted, max_connections=1, kept_connections=1)

    async def work() -> None:
        connections = Connections(provider)
        url = f"{provider.base_url}/chat/completions"
        body = orjson.dumps({**CHAT, "model": "held"})
        held = asyncio.create_task(connections.ask("POST", url, body, timeout=300))
        while not scripted.requests():
            await asyncio.sleep(0.01)
        try:
            with pytest.raises(RateLimited) as caught:
                await connections.ask("POST", url, body, timeout=0.2)
            assert (caught.value.breaks, caught.value.try_again, caught.value.spent) == (False, False, Spent.NOTHING)
        finally:
            held.cancel()
            await connections.close()

    asyncio.run(work())
    assert len(scripted.requests()) == 1


def test_those_kept_are_fewer(scripted: ScriptedServer, opened: Counter[str]) -> None:
    """Of eight that were open at once two are kept, so that the second round opens six anew."""
    scripted.script("social", always={"together": 8})
    provider = make_provider(scripted, max_connections=8, kept_connections=2)
    assert ask_at_once(provider, 8, rounds=2, body={**CHAT, "model": "social"}) == [200] * 16
    assert opened["opened"] == 8 + 6


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://169.254.169.254/v1", True),
        ("http://[fd00:ec2::254]/v1", True),
        ("http://[::ffff:169.254.169.254]/v1", True),
        ("http://127.0.0.1:9/v1", False),
        ("http://localhost:9/v1", False),
        ("http://[::1]:9/v1", False),
        ("http://10.0.0.1/v1", False),
    ],
)
def test_where_nobody_may_connect(url: str, private: bool, opened: Counter[str]) -> None:
    provider = make_provider(base_url=url)
    with override_settings(PROVIDER_PRIVATE_NETWORKS=private), pytest.raises(InferenceError) as caught:
        ask_at_once(provider, 1)
    assert "PROVIDER_PRIVATE_NETWORKS" in caught.value.detail
    assert not opened
    assert "1" not in str(caught.value)


def test_what_runs_on_this_machine_is_reached_all_the_same(scripted: ScriptedServer) -> None:
    provider = make_provider(scripted, kind=ProviderKind.LOCAL)
    with override_settings(PROVIDER_PRIVATE_NETWORKS=False):
        assert ask_at_once(provider, 1) == [200]


def test_a_name_that_leads_inside_later_is_noticed(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses are checked when they are connected to, not when the name was typed in."""

    async def look_up(self: Any, host: str, port: int, family: Any = 0) -> list[dict[str, Any]]:
        return [{"hostname": host, "host": "169.254.169.254", "port": port, "family": 2, "proto": 6, "flags": 0}]

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", look_up)
    with pytest.raises(Misconfigured) as caught:
        ask_at_once(make_provider(base_url=f"http://models.example:{scripted.port}/v1"), 1)
    assert "169.254.169.254" in caught.value.detail


def test_a_server_that_does_not_take_connections() -> None:
    """A port that listens, with its queue full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        with pytest.raises((ConnectionFailed, TimedOut)):
            ask_at_once(make_provider(base_url=f"http://127.0.0.1:{port}/v1", connect_timeout=0.2), 1)
        for one in waiting:
            one.close()


def test_names_that_nobody_knows_and_addresses_that_are_none() -> None:
    with pytest.raises(Misconfigured):
        ask_at_once(make_provider(base_url="http://2130706433/v1"), 1)
    with pytest.raises(ConnectionFailed):
        ask_at_once(make_provider(base_url="http://models.invalid/v1"), 1)


def test_a_key_that_fits_in_no_header(scripted: ScriptedServer) -> None:
    with pytest.raises(Misconfigured):
        ask_at_once(make_provider(scripted, api_key="two\r\nlines: here"), 1)
    assert not scripted.requests()


def test_an_answer_without_an_end(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "MOST_BYTES", 100)
    with pytest.raises(LostAnswer):
        ask_at_once(make_provider(scripted), 1)
