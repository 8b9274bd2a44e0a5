import pytest
from django_redis import get_redis_connection
from redis.exceptions import ConnectionError as RedisConnectionError

from apps.core import alive
from apps.core.health import Unhealthy

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def nobody() -> None:
    get_redis_connection("default").delete("touchstone:alive:worker")


def test_a_part_that_was_not_heard_of_is_missed() -> None:
    with pytest.raises(Unhealthy, match="was not heard of"):
        alive.make_check("worker")()


def test_a_part_that_says_it_is_there_is_there_for_a_while() -> None:
    alive.note("worker")
    assert alive.make_check("worker")() == "at work"
    assert 0 < get_redis_connection("default").ttl("touchstone:alive:worker") <= alive.GOOD_FOR_SECONDS


def test_without_the_cache_nobody_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(alias: str) -> None:
        raise RedisConnectionError("away")

    monkeypatch.setattr(alive, "get_redis_connection", fail)
    with pytest.raises(Unhealthy, match="cannot be told"):
        alive.make_check("worker")()
