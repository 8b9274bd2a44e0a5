"""The clients that people have, pointed at the gateway as they are."""

import pytest

from tests.clients.checks import every_part, run_part
from tests.inference.gateway.conftest import Front
from tests.scripted import ScriptedServer
from tests.scripted.models import CHAT

pytestmark = [pytest.mark.integration]


@pytest.mark.parametrize(("client", "part"), every_part())
def test_each_part(client: str, part: str, front: Front, scripted: ScriptedServer) -> None:
    found = run_part(client, part, front.target)
    if part == "stream" and client != "langchain":  # which passes by what it does not know
        cost = (found["usage"]["prompt_tokens"] + 2 * found["usage"]["completion_tokens"]) / 1_000_000
        assert (found["told"]["model"], found["told"]["cost"]) == (CHAT, pytest.approx(cost))
    if part == "abort":
        scripted.wait_until_idle()
        assert scripted.count("scripted-long")["streams_left"] == 1
