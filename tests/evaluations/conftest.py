import pytest

from apps.core.targets.registry import _targets, register_target
from tests.evaluations import targets


@pytest.fixture(autouse=True)
def fake_target(monkeypatch):
    """The target `tests.fake` is there, and gone after the test."""
    monkeypatch.setattr("apps.core.targets.registry._targets", dict(_targets))
    register_target(targets.NAME, targets.PATH)
