import pytest

from apps.core import warming

pytestmark = pytest.mark.unit

done: list[str] = []


def first() -> None:
    done.append("first")
    raise RuntimeError("not ready")


def second() -> None:
    done.append("second")


def test_a_step_that_fails_keeps_no_other_from_running(monkeypatch):
    monkeypatch.setattr(warming, "_steps", [("web", f"{__name__}.first"), ("web", f"{__name__}.second")])
    done.clear()
    warming.start_warming().join(timeout=120)
    assert done == ["first", "second"]


def test_a_process_takes_only_the_steps_of_its_kind(monkeypatch):
    monkeypatch.setattr(warming, "_steps", [("web", f"{__name__}.first"), ("gateway", f"{__name__}.second")])
    done.clear()
    warming.start_warming("gateway").join(timeout=120)
    assert done == ["second"]
