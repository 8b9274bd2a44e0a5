"""The adapter for TorchServe against a server that speaks its protocol."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY

from apps.inference.calling import call_async, trying
from apps.inference.curated import CuratedModel
from apps.inference.errors import (
    BadAnswer,
    ConnectionFailed,
    InferenceError,
    Misconfigured,
    NotSupported,
    RateLimited,
    Refused,
    TimedOut,
)
from apps.inference.exchange import Operation
from apps.inference.models import ProviderKind
from apps.inference.providers import adapter_of
from tests.inference.calling.conftest import Curate, curate, purse, recorded  # noqa: F401 - fixtures
from tests.inference.serving import make_curated, make_exchange, make_model, make_provider, run
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration

TEXTS = ["a greeting of mine", "about my billing", "cancel it"]


def make_classifier(server: ScriptedServer, remote_name: str = "intent", **changes: Any) -> CuratedModel:
    facts = {"kind": ProviderKind.TORCHSERVE, "base_url": server.url, "management_url": server.url}
    return make_model(make_provider(server, **(facts | changes)), remote_name, operation=Operation.PREDICTION)


def ask(model: CuratedModel, given: Any = "a greeting", timeout: float = 60.0) -> dict[str, Any]:
    return run(lambda: adapter_of(model.provider).send(model, {"input": given}, timeout=timeout))


def check(model: CuratedModel) -> str:
    return run(lambda: adapter_of(model.provider).check(model.provider))


def test_one_text_and_a_list_in_one_request(scripted: ScriptedServer) -> None:
    model = make_classifier(scripted)
    scripted.script("intent")
    assert ask(model)["data"] == [
        {"object": "prediction", "index": 0, "prediction": {"intent": "greeting", "confidence": 0.9}}
    ]
    found = ask(model, TEXTS)["data"]
    assert [one["prediction"]["intent"] for one in found] == ["greeting", "billing", "cancel"]
    assert len(scripted.requests()) == 2


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ({"status": 400}, Refused),
        ({"status": 404}, Misconfigured),
        ({"status": 401}, Misconfigured),
        ({"status": 302}, Misconfigured),
        ({"status": 408}, TimedOut),
        ({"status": 429}, RateLimited),
        ({"status": 500}, BadAnswer),
        ({"status": 503}, BadAnswer),
        ({"status": 507}, BadAnswer),
        ({"raw": "<h1>hello</h1>"}, BadAnswer),
        ({"raw": '{"predictions": 3}'}, BadAnswer),
        ({"raw": '{"predictions": []}'}, BadAnswer),
        ({"raw": "3"}, BadAnswer),
        ({"wrong_json": True}, BadAnswer),
        ({"reset": True}, ConnectionFailed),
        ({"hang": True}, TimedOut),
        ({"cut_after": 1}, InferenceError),
    ],
)
def test_what_goes_wrong_is_told_apart(scripted: ScriptedServer, step: dict[str, Any], error: type[Exception]) -> None:
    scripted.script("intent", step)
    with pytest.raises(error) as raised:
        ask(make_classifier(scripted), timeout=0.3 if "hang" in step else 60.0)
    assert str(scripted.port) not in str(raised.value)


def test_a_bare_list_of_predictions_is_taken(scripted: ScriptedServer) -> None:
    scripted.script("intent", {"raw": '["greeting"]'})
    assert ask(make_classifier(scripted))["data"][0]["prediction"] == "greeting"


def test_tokens_and_streams_are_not_for_it(scripted: ScriptedServer) -> None:
    model = make_classifier(scripted)
    with pytest.raises(Refused, match="no tokens"):
        ask(model, [[1, 2]])
    with pytest.raises(NotSupported):
        run(lambda: anext(adapter_of(model.provider).stream(model, {"input": "a"}, timeout=1)))
    assert not scripted.requests()


class TestCheck:
    def test_it_tells_of_ready_workers(self, scripted: ScriptedServer) -> None:
        assert check(make_classifier(scripted)) == "Healthy, intent: 1 of 1 workers ready"

    def test_without_a_management_address_a_ping_is_enough(self, scripted: ScriptedServer) -> None:
        assert check(make_classifier(scripted, management_url="")) == "Healthy"
        assert [one["path"] for one in scripted.requests()] == ["/ping"]

    @pytest.mark.parametrize(
        ("path", "raw", "detail"),
        [
            ("/ping", '{"status": "Unhealthy"}', "Unhealthy"),
            ("/ping", '"hello"', "hello"),
            ("/models", '{"models": 1}', "list of models"),
            ("intent", "[]", "none of the 0 workers of intent is ready"),
            ("intent", '[{"workers": [{"status": "UNLOADING"}]}]', "none of the 1 workers of intent is ready"),
            ("intent", '{"code": 1}', "no workers in it"),
        ],
    )
    def test_what_is_not_well_is_named(self, scripted: ScriptedServer, path: str, raw: str, detail: str) -> None:
        scripted.script(path, {"raw": raw})
        with pytest.raises(BadAnswer) as raised:
            check(make_classifier(scripted))
        assert detail in raised.value.detail


def test_what_is_tried_again_is_counted(
    scripted: ScriptedServer,
    curate: Curate,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trying, "FIRST_WAIT", 0.001)
    model = make_classifier(scripted)
    curate(make_curated(model))
    scripted.script("intent", {"status": 503}, {"reset": True}, {"ok": True})
    reply = run(lambda: call_async(make_exchange(model, {"input": "a greeting"})))
    assert reply.body["data"][0]["prediction"]["intent"] == "greeting"
    assert REGISTRY.get_sample_value("torchserve_retry_total", {"model": model.name}) == 2


def test_requests_and_reachability_are_counted(scripted: ScriptedServer) -> None:
    model = make_classifier(scripted)
    scripted.script("intent", {"ok": True}, {"status": 500})
    read: Callable[..., float | None] = REGISTRY.get_sample_value
    ask(model)
    with pytest.raises(BadAnswer):
        ask(model)
    assert read("torchserve_requests_total", {"model": model.name, "outcome": "ok"}) == 1
    assert read("torchserve_requests_total", {"model": model.name, "outcome": "inference"}) == 1
    assert read("torchserve_request_duration_seconds_count", {"model": model.name}) == 2
    assert read("torchserve_connection_status", {"provider": model.provider.name}) == 1
    away = make_classifier(scripted, base_url="http://127.0.0.1:9")
    with pytest.raises(ConnectionFailed):
        ask(away)
    assert read("torchserve_connection_status", {"provider": away.provider.name}) == 0
