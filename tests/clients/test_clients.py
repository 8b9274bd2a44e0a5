"""Every client against the scripted server, which thereby proves that it speaks the protocol."""

import pytest

from tests.clients.checks import every_part, run_part
from tests.clients.target import QUESTION, WEATHER, Target
from tests.scripted import ScriptedServer
from tests.scripted.answers import LENGTH, name_question, write_words
from tests.scripted.models import CHAT, EMBEDDING

pytestmark = pytest.mark.integration


@pytest.fixture
def target(scripted: ScriptedServer) -> Target:
    return Target(scripted.base_url, scripted.key, CHAT, EMBEDDING, "scripted-long")


@pytest.mark.parametrize(("client", "part"), every_part())
def test_each_part(client: str, part: str, target: Target, scripted: ScriptedServer) -> None:
    found = run_part(client, part, target)
    if part in ("chat", "stream"):
        counts = scripted.count(CHAT)
        assert found["text"] == write_words(QUESTION, LENGTH)
        assert found["usage"]["prompt_tokens"] == counts["prompt_tokens"]
        assert found["usage"]["completion_tokens"] == counts["completion_tokens"] == LENGTH
    if part == "tools":
        assert found["text"].startswith(name_question("Rain"))
        assert scripted.requests()[0]["body"]["messages"][0]["content"] == WEATHER
    if part == "abort":
        scripted.wait_until_idle()
        counts = scripted.count("scripted-long")
        assert (counts["outcomes"], counts["streams_left"]) == ({"left": 1}, 1)
        assert 2 <= counts["completion_tokens"] < 200
