"""A gateway of its own for what concerns a whole process: how much it takes on, and how it stops."""

import asyncio
import json
import threading

import psutil
import pytest
from django.db import connection

from apps.users.scopes import INFERENCE_USE
from apps.users.services import create_key
from tests.core.embedded.processes import wait_until
from tests.inference.gateway.conftest import Front, build_front
from tests.inference.gateway.process import gateway_process
from tests.inference.gateway.streams import open_socket, read_events, read_lines
from tests.scripted import ScriptedServer

pytestmark = [pytest.mark.integration, pytest.mark.chaos]

MANY = 1000
HELLO = [{"role": "user", "content": "Hello"}]


def ask(model: str) -> dict[str, object]:
    return {"model": model, "messages": HELLO, "stream": True}


async def read_many(front: Front, scripted: ScriptedServer, worker: psutil.Process) -> tuple[list[bytes], int]:
    """What came of each, and the most memory that the gateway had while all were open."""
    content = json.dumps(ask("crowd")).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {front.token}\r\n"
    request = f"{head}Connection: close\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content

    async def read() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", front.gateway.port)
        writer.write(request)
        found = await reader.read()
        writer.close()
        return found

    reading = [asyncio.create_task(read()) for _ in range(MANY)]
    while scripted.counts()["open"] < MANY:
        assert not all(one.done() for one in reading), reading[0].result()[:300]
        await asyncio.sleep(0.2)
    memory = worker.memory_info().rss
    return await asyncio.gather(*reading), memory


def test_a_thousand_streams_at_once(front: Front, scripted: ScriptedServer) -> None:
    scripted.script("crowd", always={"tokens": 4, "chunk_delay": 10.0})
    front.add_model("crowd")
    worker = front.gateway.worker
    before = worker.memory_info().rss
    found, memory = asyncio.run(read_many(front, scripted, worker))
    assert sum(b"data: [DONE]" in one for one in found) == MANY
    assert memory - before < 150 * 1024 * 1024


def test_more_than_it_takes_on_are_told_to_come_again(transactional_db: None, scripted: ScriptedServer) -> None:
    with gateway_process(connection.settings_dict["NAME"], GATEWAY_CONCURRENCY="1") as gateway:
        front = build_front(gateway, scripted)
        with open_socket(gateway, front.token, ask("scripted-hang")):
            wait_until(lambda: scripted.counts()["open"] == 1)
            answered = front.chat()
            assert (answered.status, answered.body["error"]["code"]) == (503, "overloaded")
            assert answered.headers["retry-after"] == "1"
        wait_until(lambda: front.chat().status == 200)


def test_one_key_leaves_room_for_others(transactional_db: None, scripted: ScriptedServer) -> None:
    with gateway_process(connection.settings_dict["NAME"], GATEWAY_KEY_CONCURRENCY="1") as gateway:
        front = build_front(gateway, scripted)
        _, other = create_key(user=front.user, name="other", scopes=[INFERENCE_USE])
        with open_socket(gateway, front.token, ask("scripted-hang")):
            wait_until(lambda: scripted.counts()["open"] == 1)
            answered = front.chat()
            assert (answered.status, answered.body["error"]["code"]) == (429, "too_many_at_once")
            assert answered.headers["retry-after"] == "1"
            assert front.chat_with(other).status == 200
        wait_until(lambda: front.chat().status == 200)


def test_streams_end_before_it_stops(transactional_db: None, scripted: ScriptedServer) -> None:
    with gateway_process(connection.settings_dict["NAME"]) as gateway:
        front = build_front(gateway, scripted)
        scripted.script("farewell", always={"tokens": 10, "chunk_delay": 0.2})
        front.add_model("farewell")
        with open_socket(gateway, front.token, ask("farewell")) as stream:
            lines = read_lines(stream)
            next(line for line in lines if line.startswith("data:"))
            stopping = threading.Thread(target=gateway.stop)
            stopping.start()
            assert read_events(lines)[-1] == "[DONE]"
            stopping.join()
    assert gateway.main.returncode == 0
