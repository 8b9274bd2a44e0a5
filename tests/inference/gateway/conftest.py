import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection

from apps.inference.gateway.traces import find_trace
from apps.inference.models import Alias, Call, Provider, ServedModel
from apps.users.models import ApiKey, User
from apps.users.roles import Role
from apps.users.scopes import INFERENCE_USE
from apps.users.services import create_key
from tests.clients.target import Target
from tests.core.embedded.processes import wait_until
from tests.inference.factories import ModelFactory, ProviderFactory
from tests.inference.gateway import LEARN, WRITE
from tests.inference.gateway.process import Answered, GatewayProcess, gateway_process
from tests.scripted import ScriptedServer
from tests.scripted.models import CHAT, EMBEDDING
from tests.users.factories import UserFactory

QUICK = "tests.inference.gateway.quick_asgi:application"
WRITING = "tests.inference.gateway.writing_asgi:application"
OTHERS = ("scripted-slow", "scripted-long", "scripted-broken", "scripted-cut", "scripted-hang", "scripted-wrong-json")
UNCALLED = (401, 403, 405, 413, 429)
REFUSED = ("invalid_value", "invalid_json")


@dataclass(frozen=True, slots=True)
class Front:
    """A gateway that knows the scripted server's models, and a key for it."""

    gateway: GatewayProcess
    provider: Provider
    user: User
    key: ApiKey
    token: str
    answers: list[Answered] = field(default_factory=list)

    @property
    def refused_all(self) -> bool:
        """Whether the gateway has surely called no model."""
        return bool(self.answers) and all(
            one.status in UNCALLED or (one.status == 400 and one.body["error"]["code"] in REFUSED)
            for one in self.answers
        )

    @property
    def target(self) -> Target:
        return Target(self.gateway.base_url, self.token, CHAT, EMBEDDING, "scripted-long")

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answered:
        answered = self.gateway.ask(method, path, body, key=more.pop("key", self.token), **more)
        if method == "POST":
            self.answers.append(answered)
        return answered

    def chat(self, text: str = "Say hello", *, model: str = CHAT, **more: Any) -> Answered:
        body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
        return self.ask("POST", "/v1/chat/completions", body)

    def chat_with(self, key: str) -> Answered:
        body = {"model": CHAT, "messages": [{"role": "user", "content": "Hello"}]}
        return self.ask("POST", "/v1/chat/completions", body, key=key)

    def write_down(self) -> None:
        """Has all calls written: tables that are being emptied let nobody in."""
        write_down(self.gateway)

    def read_trace(self, trace_id: str) -> dict[str, Any]:
        """It is written behind the answer."""
        wait_until(lambda: find_trace(trace_id, self.user.pk) is not None)
        trace = find_trace(trace_id, self.user.pk)
        assert trace is not None
        return trace

    def add_model(self, name: str, **values: Any) -> ServedModel:
        """Returns once the gateway knows it."""
        model = ModelFactory(name=name, provider=self.provider, **values)
        wait_until_seen(self, name)
        return model


@pytest.fixture(scope="session")
def gateway_beside(django_db_setup: None) -> Iterator[GatewayProcess]:
    with gateway_process(connection.settings_dict["NAME"], QUICK) as gateway:
        yield gateway


@pytest.fixture
def front(transactional_db: None, gateway_beside: GatewayProcess, scripted: ScriptedServer) -> Iterator[Front]:
    front = build_front(gateway_beside, scripted)
    yield front
    if not front.refused_all:
        front.write_down()


def build_front(gateway: GatewayProcess, scripted: ScriptedServer) -> Front:
    Alias.objects.all().delete()  # and models, that come along
    ServedModel.objects.all().delete()
    Provider.objects.all().delete()
    provider = ProviderFactory(
        base_url=scripted.base_url, api_key=scripted.key, max_connections=2000, kept_connections=50
    )
    able = {"can_use_tools": True, "can_keep_schema": True, "provider": provider}
    for name in (CHAT, *OTHERS):
        ModelFactory(name=name, price_in=1, price_out=2, **able)
    ModelFactory(name=EMBEDDING, operation="embedding", provider=provider)
    ModelFactory(name="scripted-text", remote_name=CHAT, operation="completion", provider=provider)
    user = UserFactory(role=Role.CURATOR.value)
    key, token = create_key(user=user, name="gateway", scopes=[INFERENCE_USE])
    front = Front(gateway, provider, user, key, token)
    wait_until_seen(front, CHAT)
    return front


def write_down(*gateways: GatewayProcess) -> None:
    """Has those of the tests write down what they put by behind their answers."""
    known = -1
    while known != (known := Call.objects.count()):
        for gateway in gateways:
            assert gateway.ask("POST", WRITE).status == 200
        time.sleep(0.05)  # for those that end as their callers leave


def wait_until_seen(front: Front, name: str) -> None:
    learn(front.gateway)
    wait_until(lambda: front.ask("GET", f"/v1/models/{name}").status == 200)


def learn(gateway: GatewayProcess) -> None:
    """Has it forget what earlier tests curated, by the same names. One that can't do that knows no earlier tests."""
    gateway.ask("POST", LEARN)
