"""The real TorchServe with the intent model: what the provider for it will meet. Run with `make test-torchserve`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.torchserve.environment import find_missing
from tests.torchserve.serving import TorchServe, torchserve

pytestmark = [
    pytest.mark.torchserve,
    pytest.mark.skipif(find_missing() is not None, reason=find_missing() or ""),
]

TEXTS = ["good morning my friend", "cancel my contract", "I was charged twice", "see you tomorrow"] * 8
INTENTS = ["greeting", "cancel", "billing", "farewell"] * 8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TorchServe]:
    with torchserve(tmp_path_factory.mktemp("torchserve")) as running:
        yield running


def test_it_answers_one_text_and_a_batch(server: TorchServe) -> None:
    assert server.ping() == "Healthy"
    [found] = server.predict(["hello there, good evening"])
    assert found["intent"] == "greeting"
    assert 0.5 < found["confidence"] <= 1
    assert [one["intent"] for one in server.predict(TEXTS)] == INTENTS


def test_requests_that_come_at_once_get_their_own_answers(server: TorchServe) -> None:
    with ThreadPoolExecutor(32) as pool:
        found = list(pool.map(lambda text: server.predict([text])[0]["intent"], TEXTS))
    assert found == INTENTS


def test_a_killed_server_leaves_nothing_and_serves_again_at_the_same_address(server: TorchServe) -> None:
    assert server.process
    family = psutil.Process(server.process.pid).children(recursive=True)
    assert any(one.name() == "java" for one in family)
    server.kill()
    psutil.wait_procs(family, timeout=10)
    assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    with pytest.raises(OSError, match="refused"):
        server.ping()
    server.start()
    assert server.predict(["cancel my subscription"])[0]["intent"] == "cancel"


def test_what_the_handler_cannot_read_is_refused(server: TorchServe) -> None:
    with pytest.raises(ValueError, match="InternalServerException"):
        server.predict([3])  # type: ignore[list-item]
