"""One server for these tests, as it was at its start before each."""

from collections.abc import Iterator

import openai
import pytest

from tests.scripted import ScriptedServer, scripted_server


@pytest.fixture(scope="session")
def running_server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def server(running_server: ScriptedServer) -> ScriptedServer:
    running_server.reset()
    return running_server


@pytest.fixture
def client(server: ScriptedServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0, timeout=10)
