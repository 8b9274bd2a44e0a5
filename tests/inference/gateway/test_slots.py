"""Who may have how many requests in work."""

from contextlib import ExitStack

import pytest
from pytest_django import Settings

from apps.inference.gateway.refusals import Refusal
from apps.inference.gateway.slots import Slots

pytestmark = pytest.mark.unit

ONE, OTHER = 1, 2


@pytest.fixture
def slots(settings: Settings) -> Slots:
    settings.GATEWAY_CONCURRENCY, settings.GATEWAY_KEY_CONCURRENCY = 3, 2
    return Slots()


def refuse(slots: Slots, key: int) -> tuple[int, str, str]:
    with pytest.raises(Refusal) as raised, slots.take(key):
        pass
    return raised.value.status, raised.value.code, raised.value.kind


def test_one_key_leaves_room_for_others(slots: Slots) -> None:
    with slots.take(ONE), slots.take(ONE):
        assert refuse(slots, ONE) == (429, "too_many_at_once", "rate_limit_error")
        with slots.take(OTHER):
            assert refuse(slots, OTHER) == (503, "overloaded", "api_error")


def test_what_was_refused_or_failed_takes_no_room(slots: Slots) -> None:
    for _ in range(5):
        with pytest.raises(ValueError, match="failed"), slots.take(ONE):
            raise ValueError("failed")
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(slots.take(ONE))
        for _ in range(5):
            refuse(slots, ONE)
    with slots.take(ONE), slots.take(ONE):
        pass
    assert not slots.taken
    assert slots.all_taken == 0
