"""Whether providers answer, as the health page and admins are told."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from apps.core.cache.registry import get_cache
from apps.core.health import Unhealthy
from apps.inference import health
from apps.inference.health import check_provider, check_providers
from apps.inference.models import ProviderKind
from tests.inference.calling.conftest import Curate, curate  # noqa: F401 - a fixture
from tests.inference.serving import make_curated, make_model, make_provider
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def asker(monkeypatch: pytest.MonkeyPatch) -> Iterator[health._Asker]:
    cache.clear()
    get_cache(health.CACHE).local.clear()
    asker = health._Asker()
    monkeypatch.setattr(health, "_asker", asker)
    monkeypatch.setattr(health, "CHECK_SECONDS", 30.0)
    yield asker
    wait(asker)


def wait(asker: health._Asker) -> None:
    if asker._thread:
        asker._thread.join(60)
        assert not asker._thread.is_alive()


def test_it_tells_what_the_server_said(scripted: ScriptedServer) -> None:
    found = check_provider(make_provider(scripted))
    assert found.is_well
    assert "models" in found.detail


def test_it_is_asked_once_for_all(scripted: ScriptedServer) -> None:
    provider = make_provider(scripted)
    with ThreadPoolExecutor(8) as pool:
        assert all(found.is_well for found in pool.map(check_provider, [provider] * 8))
    get_cache(health.CACHE).local.clear()  # as another process
    check_provider(provider)
    assert len(scripted.requests()) == 1


@pytest.mark.parametrize(
    ("changes", "detail"), [({"base_url": "http://127.0.0.1:9/v1"}, "127.0.0.1"), ({"api_key": "wrong"}, "401")]
)
def test_what_is_not_well_is_named(scripted: ScriptedServer, changes: dict[str, Any], detail: str) -> None:
    found = check_provider(make_provider(scripted, **changes))
    assert not found.is_well
    assert detail in found.detail


def test_a_server_that_hangs_is_given_up(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.2)
    scripted.script("/ping", {"hang": True})
    provider = make_provider(scripted, kind=ProviderKind.TORCHSERVE, base_url=scripted.url)
    found = check_provider(provider)
    assert not found.is_well
    assert "no answer within" in found.detail


def test_the_page_waits_for_nobody(
    scripted: ScriptedServer,
    curate: Curate,  # noqa: F811
    asker: health._Asker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_answer = threading.Event()
    real = health.check_provider
    monkeypatch.setattr(health, "check_provider", lambda provider: may_answer.wait(30) and real(provider))
    curate(make_curated(make_model(make_provider(scripted))))
    assert check_providers() == "being asked for the first time"
    may_answer.set()
    wait(asker)
    assert check_providers() == "1 of 1 answer"


def test_one_that_is_away_degrades_it(scripted: ScriptedServer, curate: Curate, asker: health._Asker) -> None:  # noqa: F811
    curate(make_curated(make_model(make_provider(scripted)), make_model(make_provider())))
    check_providers()
    wait(asker)
    with pytest.raises(Unhealthy, match="1 of 2 answer"):
        check_providers()


def test_models_in_the_process_are_told_of_elsewhere(curate: Curate) -> None:  # noqa: F811
    curate(make_curated(make_model(make_provider(kind=ProviderKind.EMBEDDED, base_url=""))))
    assert check_providers() == "none is curated"


@pytest.mark.django_db
def test_the_product_is_ready_without_any_provider(client: Client, curate: Curate, asker: health._Asker) -> None:  # noqa: F811
    curate(make_curated(make_model(make_provider())))
    client.get("/health/ready")
    wait(asker)
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["checks"]["providers"]["status"] == "degraded"
    assert answer.json()["checks"]["providers"]["detail"] == "0 of 1 answer"
