"""The order of tests, how often garbage is looked for, a database that can be emptied, and the scripted server."""

import gc
import os
from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.scripted import ScriptedServer, scripted_server

# The tests make many objects that live long: looking for cycles among them as often as by default costs a tenth.
gc.set_threshold(50_000, 20, 100)


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
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests that commit are followed by emptying every table, which the audit log refuses to let happen to it."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_keep_audit_table")


@pytest.fixture(scope="session")
def scripted_process() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def scripted(scripted_process: ScriptedServer) -> ScriptedServer:
    """The server that speaks OpenAI's protocol and TorchServe's, as it was at its start."""
    scripted_process.reset()
    return scripted_process
