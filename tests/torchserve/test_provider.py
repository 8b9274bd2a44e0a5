"""Calls of the real TorchServe's model, as the product makes them. Run with `make test-torchserve`."""

import statistics
import time
from collections.abc import Iterator

import pytest
from django_redis import get_redis_connection

from apps.inference.breaker import shared
from apps.inference.breaker.board import board
from apps.inference.breaker.machine import Phase
from apps.inference.calling.loop import call
from apps.inference.curated import CuratedModel
from apps.inference.errors import BadAnswer, BreakerOpen, ConnectionFailed, InputTooLong
from apps.inference.exchange import Operation
from apps.inference.health import check_provider
from apps.inference.models import ProviderKind
from tests.inference.breaker.passing import let_time_pass
from tests.inference.calling.conftest import Curate, curate, purse, recorded  # noqa: F401 - fixtures
from tests.inference.serving import make_curated, make_exchange, make_model, make_provider
from tests.torchserve.environment import NAME, find_missing
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


@pytest.fixture
def model(server: TorchServe, curate: Curate) -> Iterator[CuratedModel]:  # noqa: F811
    provider = make_provider(
        kind=ProviderKind.TORCHSERVE,
        base_url=server.url,
        management_url=f"http://127.0.0.1:{server.management}",
        timeout=5.0,
    )
    model = make_model(provider, NAME, operation=Operation.PREDICTION)
    curate(make_curated(model))
    yield model
    get_redis_connection().delete(shared.KEY)


def ask(model: CuratedModel, *texts: str) -> list[str]:
    reply = call(make_exchange(model, {"input": list(texts)}, seconds=10))
    return [one["prediction"]["intent"] for one in reply.body["data"]]


def read_phase(model: CuratedModel) -> Phase:
    board.look()
    return board.get(model.provider.id).phase(board.now())


def test_one_text_and_a_batch_in_order(model: CuratedModel) -> None:
    assert ask(model, "hello there, good evening") == ["greeting"]
    started = time.monotonic()
    assert ask(model, *TEXTS) == INTENTS
    assert time.monotonic() - started < 2
    assert ask(model, *TEXTS, *TEXTS[:9]) == INTENTS + INTENTS[:9]


def test_nineteen_of_twenty_are_answered_within_half_a_second(model: CuratedModel) -> None:
    seconds = []
    for text in TEXTS * 2:
        started = time.monotonic()
        ask(model, text)
        seconds.append(time.monotonic() - started)
    assert statistics.quantiles(seconds, n=20)[-1] < 0.5


def test_its_check_sees_the_worker(model: CuratedModel) -> None:
    assert check_provider(model.provider).detail == f"Healthy, {NAME}: 1 of 1 workers ready"


def test_a_text_that_is_too_long_is_not_sent(model: CuratedModel) -> None:
    with pytest.raises(InputTooLong):
        ask(model, "a" * 2049)


def test_a_model_that_it_has_not_got_opens_no_breaker(server: TorchServe, model: CuratedModel, curate: Curate) -> None:  # noqa: F811
    other = make_model(model.provider, "nothing", operation=Operation.PREDICTION)
    curate(make_curated(model, other))
    for _ in range(6):
        with pytest.raises(Exception, match="not set up rightly"):
            ask(other, "hello")
    assert ask(model, "hello friend") == ["greeting"]


def test_a_server_that_is_killed_is_left_alone_and_asked_again_when_it_is_back(
    server: TorchServe, model: CuratedModel
) -> None:
    assert ask(model, "cancel my contract") == ["cancel"]
    server.kill()
    for _ in range(2):  # of up to three tries each
        with pytest.raises((ConnectionFailed, BadAnswer, BreakerOpen)):
            ask(model, "cancel my contract")
    assert read_phase(model) is Phase.OPEN
    with pytest.raises(BreakerOpen) as raised:
        ask(model, "cancel my contract")
    assert raised.value.retry_after
    server.start()
    with pytest.raises(BreakerOpen):
        ask(model, "cancel my contract")
    let_time_pass(model.provider)
    assert read_phase(model) is Phase.HALF_OPEN
    assert ask(model, "cancel my contract") == ["cancel"]
    assert read_phase(model) is Phase.CLOSED
