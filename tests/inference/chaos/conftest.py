import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.db import connection

from apps.inference.models import ServedModel
from tests.core.embedded.processes import wait_until
from tests.inference.chaos.valkey import Valkey, own_valkey
from tests.inference.factories import ModelFactory, ProviderFactory
from tests.inference.gateway.conftest import WRITING, Front, build_front, learn, write_down
from tests.inference.gateway.process import Answered, GatewayProcess, gateway_process
from tests.inference.gateway.streams import read_events
from tests.scripted import ScriptedServer
from tests.scripted.models import CHAT

REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hello"}]}),
    "completion": ("/v1/completions", {"prompt": "Once upon a time"}),
    "embedding": ("/v1/embeddings", {"input": ["one", "two", "three"]}),
}
"""What is asked of a model that does this."""
HURRIED_SECONDS = 2


@dataclass(frozen=True)
class Site:
    """Two gateways over one database and one Valkey; the second has the first's key and models."""

    front: Front
    second: GatewayProcess
    valkey: Valkey
    scripted: ScriptedServer

    @property
    def gateways(self) -> tuple[GatewayProcess, GatewayProcess]:
        return self.front.gateway, self.second

    def add_model(self, name: str, *steps: dict[str, Any], **values: Any) -> ServedModel:
        """Returns once both gateways know it."""
        model = self.put_model(name, *steps, **values)
        self.wait_until_all_know(name)
        return model

    def put_model(self, name: str, *steps: dict[str, Any], timeout: float = 30.0, **values: Any) -> ServedModel:
        """With a provider of its own, so that its breaker is no other's. What it always does is its last step."""
        self.scripted.script(name, *steps[:-1], always=steps[-1])
        provider = ProviderFactory(base_url=self.scripted.base_url, api_key=self.scripted.key, timeout=timeout)
        return ModelFactory(name=name, provider=provider, price_in=1, price_out=2, **values)

    def wait_until_all_know(self, name: str) -> None:
        for gateway in self.gateways:
            self.wait_until_known(gateway, name)

    def write_down(self) -> None:
        write_down(*self.gateways)

    def wait_until_known(self, gateway: GatewayProcess, name: str) -> None:
        learn(gateway)
        wait_until(lambda: gateway.ask("GET", f"/v1/models/{name}", key=self.front.token).status == 200)

    def ask(self, gateway: GatewayProcess, operation: str, model: str, **more: Any) -> Answered:
        """Of a stream that began, its body is the list of its events."""
        path, body = REQUESTS[operation]
        answer = gateway.ask("POST", path, {"model": model, **body, **more}, key=self.front.token)
        if not isinstance(answer.body, bytes):
            return answer
        return replace(answer, body=read_events(iter(answer.body.decode().splitlines())))

    def chat(self, gateway: GatewayProcess, model: str = CHAT, **more: Any) -> Answered:
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], **more}
        return gateway.ask("POST", "/v1/chat/completions", body, key=self.front.token)

    def stream(self, gateway: GatewayProcess, model: str, **more: Any) -> Answered:
        return self.ask(gateway, "chat", model, stream=True, **more)


@dataclass
class Traffic:
    """What came of requests that were made one after the other, over each gateway."""

    answers: list[Answered] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    @contextmanager
    def flowing(self, site: Site, model: str = CHAT) -> Iterator[None]:
        over = threading.Event()
        threads = [threading.Thread(target=self._ask, args=[site, one, model, over]) for one in site.gateways * 2]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join(30)

    def _ask(self, site: Site, gateway: GatewayProcess, model: str, over: threading.Event) -> None:
        while not over.is_set():
            try:
                self.answers.append(site.chat(gateway, model))
            except OSError as error:
                self.failures.append(error)
                return


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with own_valkey(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture(scope="session")
def pair(django_db_setup: None, valkey: Valkey) -> Iterator[tuple[GatewayProcess, GatewayProcess]]:
    database = connection.settings_dict["NAME"]
    with (
        gateway_process(database, WRITING, REDIS_URL=valkey.url) as one,
        gateway_process(database, WRITING, REDIS_URL=valkey.url) as other,
    ):
        yield one, other


@pytest.fixture
def site(
    transactional_db: None,
    pair: tuple[GatewayProcess, GatewayProcess],
    valkey: Valkey,
    scripted: ScriptedServer,
) -> Iterator[Site]:
    if valkey.process is None:
        valkey.start()
    site = Site(build_front(pair[0], scripted), pair[1], valkey, scripted)
    site.wait_until_all_know(CHAT)
    yield site
    site.write_down()


@pytest.fixture(scope="session")
def hurried_process(django_db_setup: None, valkey: Valkey) -> Iterator[GatewayProcess]:
    with gateway_process(
        connection.settings_dict["NAME"], WRITING, REDIS_URL=valkey.url, GATEWAY_TIMEOUT_SECONDS=str(HURRIED_SECONDS)
    ) as gateway:
        yield gateway


@pytest.fixture
def hurried(site: Site, hurried_process: GatewayProcess) -> Iterator[GatewayProcess]:
    """A gateway that gives nobody longer than HURRIED_SECONDS."""
    site.wait_until_known(hurried_process, CHAT)
    yield hurried_process
    write_down(hurried_process)
