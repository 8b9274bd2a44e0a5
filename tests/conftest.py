"""The order of tests, how often garbage is looked for, the database, and the scripted server."""

import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from tests.database import own_database
from tests.patience import wait_long_for_valkey
from tests.scripted import ScriptedServer, scripted_server
from tests.signing_in import sign_in

# The tests make many objects that live long: looking for cycles among them as often as by default costs a tenth.
gc.set_threshold(50_000, 20, 100)

# How long an example takes, or takes to be made, says more of what else runs on the machine.
ANY_TIME: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("quick", max_examples=20, **ANY_TIME)
# What decides about a change finds the same each time; new examples are looked for wherever else tests run.
settings.register_profile("thorough", max_examples=100, derandomize=True, **ANY_TIME)
settings.load_profile("quick")  # where no other is asked for


@pytest.hookimpl(trylast=True)  # when nothing is taken out or moved any more
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first, so that no worker is left alone with one at the end."""
    slow = sorted((item for item in items if item.get_closest_marker("slow")), key=read_seconds, reverse=True)
    quick = [item for item in items if not item.get_closest_marker("slow")]
    items[:] = deal(slow, quick, hands=int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def read_seconds(item: pytest.Item) -> int:
    """About how long a slow test takes, as far as its mark says so."""
    mark = item.get_closest_marker("slow")
    return int(mark.kwargs.get("seconds", 2)) if mark else 0


def deal(slow: list[pytest.Item], quick: list[pytest.Item], hands: int) -> list[pytest.Item]:
    """Each worker's stretch, as worksteal cuts them, begins with as many slow tests: only ends are stolen."""
    dealt: list[pytest.Item] = []
    left = len(slow) + len(quick)
    for hand in range(hands):
        size, own = left // (hands - hand), slow[hand::hands]
        beside = max(0, size - len(own))
        dealt += own + quick[:beside]
        quick = quick[beside:]
        left -= size
    return dealt + quick


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    with django_db_blocker.unblock(), own_database():
        yield


@pytest.fixture(scope="session", autouse=True)
def be_patient() -> None:
    wait_long_for_valkey()


@pytest.fixture(scope="session", autouse=True)
def sign_in_quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.test.Client.force_login", sign_in)
        yield


@pytest.fixture(scope="session")
def scripted_process() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def scripted(scripted_process: ScriptedServer) -> ScriptedServer:
    """The server that speaks OpenAI's protocol and TorchServe's, as it was at its start."""
    scripted_process.reset()
    return scripted_process
