"""The clients that people have, pointed at the gateway as they are."""

import pytest

from tests.clients.checks import every_part, run_part
from tests.inference.gateway.conftest import Front
from tests.scripted import ScriptedServer

pytestmark = [pytest.mark.integration]


@pytest.mark.parametrize(("client", "part"), every_part())
def test_each_part(client: str, part: str, front: Front, scripted: ScriptedServer) -> None:
    run_part(client, part, front.target)
    if part == "abort":
        scripted.wait_until_idle()
        assert scripted.count("scripted-long")["streams_left"] == 1
