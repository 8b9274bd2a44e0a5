import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django_redis import get_redis_connection
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError

from apps.core.cache.local import Entry, LocalTier
from apps.core.cache.policy import CachePolicy, make_key
from apps.core.cache.registry import register_policy
from apps.core.cache.shared import SharedTier
from apps.core.cache.tiered import TieredCache

LOCAL = CachePolicy("test.local", version=1, local_size=3, local_ttl=60)
SHARED = CachePolicy("test.shared", version=1, local_size=3, local_ttl=60, shared_ttl=60, flight_seconds=60)


class BrokenServer:
    def __getattr__(self, name):
        def fail(*args, **kwargs):
            raise RedisConnectionError("gone")

        return fail


@pytest.fixture
def valkey():
    client = get_redis_connection("default")
    for key in client.scan_iter("touchstone:test.*"):
        client.delete(key)
    return client


@pytest.mark.unit
class TestLocal:
    def test_get_set_delete(self):
        cache = TieredCache(LOCAL)
        assert cache.get("a") is None
        cache.set("a", [1])
        assert cache.get("a") == [1]
        cache.delete("a")
        assert cache.get("a") is None

    def test_the_least_recently_used_goes_first(self):
        cache = TieredCache(LOCAL)
        for name in "abc":
            cache.set(name, name)
        cache.get("a")
        cache.set("d", "d")
        assert cache.get("b") is None
        assert cache.get("a") == "a"
        assert cache.statistics()["evictions"] == 1

    def test_nothing_outlives_its_time(self):
        now = [0.0]
        tier = LocalTier(size=2, ttl=10, timer=lambda: now[0])
        tier.set("a", Entry(1, 0.0))
        now[0] = 9.9
        assert tier.get("a") is not None
        now[0] = 10.1
        assert tier.get("a") is None
        assert tier.evictions == 0

    def test_statistics(self):
        cache = TieredCache(LOCAL)
        cache.get("a")
        cache.set("a", 1)
        cache.get("a")
        stats = cache.statistics()
        assert (stats["hits_local"], stats["misses"], stats["hit_ratio"], stats["entries"]) == (1, 1, 0.5, 1)
        assert 0 <= float(stats["mean_age"]) < 60

    def test_none_is_not_kept(self):
        cache = TieredCache(LOCAL)
        calls = []
        for _ in range(2):
            cache.get_or_compute("a", lambda: calls.append(1))
        assert len(calls) == 2

    def test_a_failing_computation_frees_the_next(self):
        cache = TieredCache(LOCAL)
        with pytest.raises(ZeroDivisionError):
            cache.get_or_compute("a", lambda: 1 / 0)
        assert cache.get_or_compute("a", lambda: 7) == 7

    def test_single_flight_in_a_process(self):
        cache = TieredCache(LOCAL)
        calls = []

        def compute():
            calls.append(1)
            time.sleep(0.05)
            return 42

        with ThreadPoolExecutor(8) as pool:
            values = list(pool.map(lambda _: cache.get_or_compute("a", compute), range(8)))
        assert values == [42] * 8
        assert len(calls) == 1

    @given(st.lists(st.tuples(st.sampled_from(["set", "get", "delete"]), st.integers(0, 5), st.integers(1, 9))))
    def test_never_returns_what_was_not_set_last(self, steps):
        cache, model = TieredCache(LOCAL), {}
        for action, key, value in steps:
            if action == "set":
                cache.set(key, value)
                model[key] = value
            elif action == "delete":
                cache.delete(key)
                model.pop(key, None)
            else:
                found = cache.get(key)
                assert found is None or found == model[key]
            assert len(cache.local) <= LOCAL.local_size


@pytest.mark.unit
class TestKeys:
    def test_key_carries_namespace_version_and_recipe(self):
        raised = CachePolicy("test.local", version=2, local_size=3, local_ttl=60)
        assert make_key(LOCAL, {"a": 1, "b": 2}) == make_key(LOCAL, {"b": 2, "a": 1})
        assert make_key(LOCAL, "x") != make_key(raised, "x")
        assert make_key(LOCAL, ["ab", "c"]) != make_key(LOCAL, ["a", "bc"])

    def test_a_namespace_has_one_policy(self):
        register_policy(LOCAL)
        register_policy(LOCAL)
        with pytest.raises(ValueError, match="has a policy already"):
            register_policy(CachePolicy("test.local", version=9, local_size=3, local_ttl=60))


@pytest.mark.integration
class TestShared:
    def test_another_process_finds_the_value(self, valkey):
        TieredCache(SHARED).set("a", {"x": [1.5, None]})
        other = TieredCache(SHARED)
        assert other.get("a") == {"x": [1.5, None]}
        assert other.get("a") == {"x": [1.5, None]}
        stats = other.statistics()
        assert (stats["hits_shared"], stats["hits_local"]) == (1, 1)

    def test_values_expire(self, valkey):
        TieredCache(SHARED).set("a", 1)
        key = valkey.keys("touchstone:test.shared:*")[0]
        assert 0 < valkey.pttl(key) <= 60_000

    def test_garbage_in_the_server_is_a_miss(self, valkey):
        cache = TieredCache(SHARED)
        for garbage in (b"\xff\x00", b"[]", b'{"value": 1}'):
            valkey.set(f"touchstone:{make_key(SHARED, 'a')}", garbage)
            assert cache.get("a") is None
        assert cache.statistics()["errors"] == 3

    def test_single_flight_between_processes(self, valkey):
        first, second = TieredCache(SHARED), TieredCache(SHARED)
        entered, leave, calls = threading.Event(), threading.Event(), []

        def slow():
            calls.append("first")
            entered.set()
            leave.wait(60)
            return "value"

        with ThreadPoolExecutor(2) as pool:
            one = pool.submit(first.get_or_compute, "a", slow)
            assert entered.wait(60)
            two = pool.submit(second.get_or_compute, "a", lambda: calls.append("second") or "other")
            time.sleep(0.1)
            leave.set()
            assert (one.result(60), two.result(60)) == ("value", "value")
        assert calls == ["first"]

    def test_a_server_that_is_away_is_a_miss_and_never_an_error(self):
        cache = TieredCache(SHARED, shared=SharedTier(ttl=60, connect=BrokenServer))
        assert cache.get("a") is None
        assert cache.get_or_compute("a", lambda: 5) == 5
        assert cache.get("a") == 5
        cache.delete("a")
        assert int(cache.statistics()["errors"]) >= 4
