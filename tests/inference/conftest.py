"""Calls of models are recorded behind the tests that make them."""

from collections.abc import Iterator

import pytest

from apps.inference.budgets.reserving import keeper
from apps.inference.recording.recorder import recorder

EMPTIED = ("transactional_db", "live_server")


@pytest.fixture(autouse=True)
def all_is_written(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where tables are emptied after a test, what it put down is written before: the two would wait for each other."""
    yield
    mark = request.node.get_closest_marker("django_db")
    if any(name in request.fixturenames for name in EMPTIED) or (mark and mark.kwargs.get("transaction")):
        keeper.flush()
        recorder.flush()
