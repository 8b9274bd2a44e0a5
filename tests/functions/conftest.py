"""Nothing ends or is read anew in the middle of a test because the machine is slow."""

import math

import pytest

from apps.core.cache.local import LocalTier
from apps.core.cache.registry import get_cache
from apps.functions.overview import CACHES
from tests.functions.patience import LONG, let_search_take_its_time, mind_no_other_transactions


@pytest.fixture(autouse=True)
def slow_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job's heart beats on a connection of its own, which does not see the rows of a test's transaction."""
    monkeypatch.setattr("apps.core.jobs.context.HEARTBEAT_SECONDS", LONG)


@pytest.fixture(autouse=True)
def patient_search(monkeypatch: pytest.MonkeyPatch) -> None:
    let_search_take_its_time(monkeypatch)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no other transaction were at work."""
    mind_no_other_transactions(monkeypatch)


@pytest.fixture
def fresh_overview(monkeypatch: pytest.MonkeyPatch) -> None:
    """What pages say of the whole catalogue is read in the test, and then kept until its end."""
    for name in CACHES:
        monkeypatch.setattr(get_cache(name), "local", LocalTier(size=1, ttl=math.inf))
