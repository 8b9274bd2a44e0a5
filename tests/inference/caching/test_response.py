"""A type's cache on the real Valkey: owners, time to live, clearing, size, and counts that add up."""

import asyncio
from typing import Any

import pytest
from django_redis import get_redis_connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.exceptions import ConnectionError

from apps.inference.caching import shared
from apps.inference.caching.entries import MAX_BYTES, make_keys
from apps.inference.caching.kinds import CacheLimits
from apps.inference.caching.response import ResponseCache
from tests.inference.caching.conftest import Clock, Make, find_names, set_limits

pytestmark = pytest.mark.integration

RECIPE = {"question": "What is a touchstone?", "model": "small"}
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def same_json(one: Any, other: Any) -> bool:
    return repr(one) == repr(other) if not isinstance(one, dict | list) else one == other


def put(cache: ResponseCache, owner: str, value: Any, recipe: Any = RECIPE, **more: Any) -> None:
    assert cache.get(owner, recipe) is None
    cache.set(owner, recipe, value, **more)
    cache.flush()


def test_what_was_kept_is_given_again_here_and_elsewhere(make: Make) -> None:
    here, there = make(), make()
    put(here, "user:1", {"text": "A stone."})
    assert here.get("user:1", RECIPE) == there.get("user:1", RECIPE) == {"text": "A stone."}
    here.flush()
    assert there.statistics() == {
        "type": "text", "seconds": 86_400, "size": 5000, "entries": 1, "hits": 2, "hits_process": 1, "hits_shared": 1,
        "hits_semantic": 0, "misses": 1, "hit_ratio": 2 / 3, "mean_age": 0, "evictions": 0,
    }  # fmt: skip


def test_nobody_changes_what_others_get(make: Make) -> None:
    cache = make()
    put(cache, "user:1", {"text": "A stone."})
    cache.get("user:1", RECIPE)["text"] = "Changed."
    assert cache.get("user:1", RECIPE) == {"text": "A stone."}


def test_an_owner_never_sees_anothers_answer_unless_it_is_public(make: Make) -> None:
    here, there = make(), make()
    put(here, "user:1", "mine")
    assert here.get("user:2", RECIPE) is None
    assert there.get("user:2", RECIPE) is None
    put(here, "user:3", "everybody's", recipe="public", public=True)
    assert there.get("user:2", "public") == "everybody's"


@given(one=anything, other=anything, owner=st.text(), another=st.text())
def test_different_recipes_and_owners_have_different_keys(one: Any, other: Any, owner: str, another: str) -> None:
    try:
        first, second = make_keys(owner, one), make_keys(another, other)
    except TypeError:  # JSON has no form for half of a character
        return
    assert first.own != first.public
    equal = same_json(one, other) and type(one) is type(other)
    if owner != another:
        assert first.own != second.own
    if not equal:
        assert first.own != second.own or repr(one) == repr(other) or one == other


def test_what_has_ended_is_never_given(make: Make, clock: Clock) -> None:
    here, there = make(), make()
    put(here, "user:1", "old")
    clock.now += 86_399
    assert there.get("user:1", RECIPE) == "old"
    clock.now += 1
    assert here.get("user:1", RECIPE) is None
    assert there.get("user:1", RECIPE) is None


def test_a_shorter_time_to_live_ends_what_there_is(make: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = make()
    put(cache, "user:1", "old")
    clock.now += 10
    set_limits(monkeypatch, text=CacheLimits(10, 100))
    assert cache.get("user:1", RECIPE) is None


@pytest.mark.parametrize("what", [{"tag": "model:small"}, {"owner": "user:1"}, {}])
def test_what_was_cleared_is_never_given_by_any_process(make: Make, clock: Clock, what: dict[str, str]) -> None:
    here, there = make(), make()
    put(here, "user:1", "mine", tags=["model:small"])
    put(here, "user:2", "another's", tags=["model:large"])
    assert there.get("user:1", RECIPE) == "mine"
    assert here.clear(**what)
    assert here.get("user:1", RECIPE) is None
    clock.now += 0.25
    assert there.get("user:1", RECIPE) is None
    assert there.get("user:2", RECIPE) == ("another's" if what else None)


def test_an_answer_begun_before_it_was_cleared_is_not_given_after(make: Make, clock: Clock) -> None:
    here, there = make(), make()
    assert here.get("user:1", RECIPE) is None
    there.clear(owner="user:1")
    here.set("user:1", RECIPE, "of before")
    here.flush()
    clock.now += 0.25
    assert here.get("user:1", RECIPE) is None
    here.set("user:1", RECIPE, "of after")
    assert here.get("user:1", RECIPE) == "of after"


def test_a_valkey_that_lost_its_data_takes_the_process_tier_along(make: Make, clock: Clock) -> None:
    cache = make()
    put(cache, "user:1", "mine")
    for name in find_names("*"):
        get_redis_connection().delete(name)
    clock.now += 0.25
    assert cache.get("user:1", RECIPE) is None


def test_the_least_recently_used_go(make: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    set_limits(monkeypatch, text=CacheLimits(3600, 3))
    cache = make()
    for number in range(3):
        put(cache, "user:1", number + 1, recipe=number)
    assert make().get("user:1", 0) == 1
    put(cache, "user:1", 4, recipe=3)
    assert [make().get("user:1", number) for number in range(4)] == [1, None, 3, 4]
    assert cache.statistics()["evictions"] == 1


def test_while_valkey_is_away_nothing_is_found_and_nobody_is_held_up(
    make: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = make()
    put(cache, "user:1", "mine")
    clock.now += 0.25
    asked = []

    def away() -> Any:
        asked.append(1)
        raise ConnectionError("away")

    with monkeypatch.context() as patched:
        patched.setattr(shared, "get_redis_connection", away)
        assert cache.get("user:1", RECIPE) is None
        assert cache.get("user:1", RECIPE) is None
        cache.set("user:1", "other", "kept nowhere")
        cache.flush()
        assert len(asked) == 1
        assert not cache.clear()
    clock.now += 1
    assert cache.get("user:1", RECIPE) == "mine"


def test_what_is_too_long_is_not_kept(make: Make) -> None:
    cache = make()
    put(cache, "user:1", "x" * MAX_BYTES)
    assert cache.get("user:1", RECIPE) is None


def test_code_in_an_event_loop_has_the_same(make: Make) -> None:
    async def scenario() -> None:
        cache = make()
        assert await cache.get_async("user:1", RECIPE) is None
        await cache.set_async("user:1", RECIPE, [1, 2])
        assert await cache.get_async("user:1", RECIPE) == [1, 2]
        assert await cache.get_async("user:2", RECIPE) is None
        await cache.clear_async(owner="user:1")
        assert await cache.get_async("user:1", RECIPE) is None
        assert (await cache.statistics_async())["misses"] == 3

    asyncio.run(scenario())


steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 1), st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.just("clear"), st.integers(0, 1), st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.just("wait"), st.integers(0, 1), st.integers(1, 6), st.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_whatever_is_done_it_gives_only_the_owners_own_that_lives(
    steps: list[tuple[str, int, int, int]], make: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes; the model of the test knows when each answer was made and when each owner was cleared."""
    set_limits(monkeypatch, text=CacheLimits(10, 100))
    caches = [make(), make()]
    caches[0].clear()
    clock.now += 0.25
    cleared: dict[int, float] = {}
    before = caches[0].statistics()
    asked = hits = 0
    for what, which, owner, recipe in steps:
        cache = caches[which]
        if what == "wait":
            clock.now += owner
        elif what == "clear":
            cache.clear(owner=f"user:{owner}")
            cleared[owner] = clock.now
            clock.now += 0.25
        else:
            asked += 1
            found = cache.get(f"user:{owner}", recipe)
            if found is None:
                cache.set(f"user:{owner}", recipe, [owner, recipe, clock.now])
            else:
                hits += 1
                assert found[:2] == [owner, recipe]
                assert clock.now < found[2] + 10
                assert found[2] > cleared.get(owner, 0)
            for one in caches:
                one.flush()
    after = caches[0].statistics()
    assert after["hits"] - before["hits"] == hits
    assert after["misses"] - before["misses"] == asked - hits
