"""The real client of OpenAI, before the server as it was at its start."""

import openai
import pytest

from tests.scripted import ScriptedServer


@pytest.fixture
def server(scripted: ScriptedServer) -> ScriptedServer:
    return scripted


@pytest.fixture
def client(server: ScriptedServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0, timeout=60)
