"""Calls of models are recorded behind the tests that make them."""

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from apps.inference import kept
from apps.inference.budgets.reserving import keeper
from apps.inference.recording.recorder import recorder

EMPTIED = ("transactional_db", "live_server")


@pytest.fixture
def tables_stay_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process keeps of a table is read once and not again, however long the test takes."""
    now = time.monotonic()
    monkeypatch.setattr(kept, "time", SimpleNamespace(monotonic=lambda: now))


@pytest.fixture(autouse=True)
def all_is_written(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where tables are emptied after a test, what it put down is written before: the two would wait for each other."""
    yield
    mark = request.node.get_closest_marker("django_db")
    if any(name in request.fixturenames for name in EMPTIED) or (mark and mark.kwargs.get("transaction")):
        keeper.flush()
        recorder.flush()
