import pytest

from apps.core.targets.registry import _targets, register_target
from tests.evaluations import targets


@pytest.fixture(autouse=True)
def fake_target(monkeypatch):
    """The target `tests.fake` is there, and gone after the test."""
    monkeypatch.setattr("apps.core.targets.registry._targets", dict(_targets))
    register_target(targets.NAME, targets.PATH)


@pytest.fixture(autouse=True)
def slow_heart(monkeypatch):
    """A job's heart beats on a connection of its own, which does not see the rows of a test's transaction."""
    monkeypatch.setattr("apps.core.jobs.context.HEARTBEAT_SECONDS", 3600.0)
