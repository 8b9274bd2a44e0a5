"""The server's life, and what it holds."""

import asyncio
import os
import signal
import subprocess
import sys

import psutil
import pytest

from benchmarks.gateway_load import Address, drive_chat
from tests.scripted import ScriptedServer, scripted_server
from tests.scripted.models import CHAT
from tests.scripted.starting import ROOT

pytestmark = pytest.mark.integration
STARTS = """
import time
from tests.scripted import scripted_server
with scripted_server() as server:
    print(server.pid, flush=True)
    time.sleep(600)
"""


def test_it_dies_with_a_parent_that_is_killed() -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", STARTS], env=environ, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        server = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    psutil.wait_procs([server], timeout=60)
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


def test_it_ends_with_its_context() -> None:
    with scripted_server() as server:
        process = psutil.Process(server.pid)
        assert server.counts()["totals"]["requests"] == 0
    assert not process.is_running()


def test_a_thousand_streams_at_once(server: ScriptedServer) -> None:
    """Each is held open until all have begun."""
    server.script(CHAT, always={"tokens": 2, "hang_after": 1})
    body = f'{{"model": "{CHAT}", "stream": true, "messages": [{{"role": "user", "content": "Hi"}}]}}'
    head = f"Host: x\r\nAuthorization: Bearer {server.key}\r\nContent-Length: {len(body)}\r\n\r\n"
    request = f"POST /v1/chat/completions HTTP/1.1\r\n{head}{body}".encode()

    async def begin() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request)
        return reader, writer

    async def hold() -> int:
        streams = await asyncio.gather(*(begin() for _ in range(1_000)))
        for reader, _ in streams:
            await reader.readuntil(b'"role":"assistant"')
        found = int(server.counts()["open"])
        for _, writer in streams:
            writer.close()
        return found

    assert asyncio.run(hold()) == 1_000
    server.wait_until_idle()
    assert server.count(CHAT)["streams_left"] == 1_000


@pytest.mark.parametrize("stream", [False, True])
def test_the_load_of_benchmarks_counts_what_the_server_counts(stream: bool, server: ScriptedServer) -> None:
    address = Address(server.base_url, server.key, CHAT)
    load = drive_chat(address, connections=4, seconds=0.3, stream=stream)
    counts = server.count(CHAT)
    assert load.errors == []
    assert counts["outcomes"] == {"ok": len(load.latencies)}
    # The role, sixteen tokens, and the reason it ends.
    assert load.events == (18 * len(load.latencies) if stream else 0)


def test_the_load_of_benchmarks_tells_what_goes_wrong(server: ScriptedServer) -> None:
    server.script(CHAT, {"status": 500}, {"reset": True})
    load = drive_chat(Address(server.base_url, server.key, CHAT), connections=1, seconds=120)
    assert [error.partition(":")[0] for error in load.errors] == ["status 500", "connection lost"]
