"""Writes that nobody waits for."""

import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from django_redis import get_redis_connection

from apps.core import threads
from apps.core.cache.behind import Entries, WriteBehind
from apps.core.cache.local import Entry
from apps.core.cache.policy import CachePolicy
from apps.core.cache.shared import SharedTier
from apps.core.cache.tiered import TieredCache

pytestmark = pytest.mark.unit

ENTRY = Entry(1, 0.0)
POLICY = CachePolicy("test.behind", version=1, local_size=3, local_ttl=60, shared_ttl=60, write_behind=True)


class Written:
    """Takes batches, and can be made to hold on."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.some = threading.Event()

    def __call__(self, entries: Entries) -> None:
        self.go_on.wait(60)
        self.batches.append([key for key, _ in entries])
        self.some.set()

    @property
    def keys(self) -> list[str]:
        return [key for batch in self.batches for key in batch]


def test_what_is_put_is_written_together_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    gathered, written = threading.Event(), Written()
    monkeypatch.setattr(threads, "time", SimpleNamespace(sleep=lambda seconds: gathered.wait(60)))
    behind = WriteBehind(written)
    for key in "abc":
        behind.put(key, ENTRY)
    gathered.set()
    assert written.some.wait(60)
    assert written.batches == [["a", "b", "c"]]
    written.some.clear()
    behind.put("d", ENTRY)
    assert written.some.wait(60)
    assert written.batches[1:] == [["d"]]


def test_flush_writes_what_waits() -> None:
    written = Written()
    behind = WriteBehind(written, gather=60)
    behind.put("a", ENTRY)
    behind.flush()
    assert written.keys == ["a"]
    behind.flush()
    assert written.batches == [["a"]]


def test_flush_waits_for_a_write_under_way() -> None:
    written = Written()
    written.go_on.clear()
    behind = WriteBehind(written, gather=0)
    behind.put("a", ENTRY)
    threading.Timer(0.1, written.go_on.set).start()
    while behind._waiting:
        pass
    behind.flush()
    assert written.keys == ["a"]


def test_when_too_many_wait_whoever_comes_writes_for_itself() -> None:
    written = Written()
    behind = WriteBehind(written, limit=2, gather=60)
    for key in "abcd":
        behind.put(key, ENTRY)
    assert written.batches == [["c"], ["d"]]
    behind.flush()
    assert sorted(written.keys) == ["a", "b", "c", "d"]


def test_the_end_of_the_process_loses_nothing() -> None:
    program = """
from apps.core.cache.behind import WriteBehind
from apps.core.cache.local import Entry
behind = WriteBehind(lambda entries: print(*(key for key, _ in entries)), gather=60)
for number in range(100):
    behind.put(str(number), Entry(number, 0.0))
"""
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    assert done.stdout.split() == [str(number) for number in range(100)]


def test_nor_does_the_end_of_a_worker_that_was_forked() -> None:
    import multiprocessing

    def work(connection) -> None:
        behind = WriteBehind(lambda entries: connection.send([key for key, _ in entries]), gather=60)
        behind.put("a", ENTRY)

    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=work, args=(theirs,))
    child.start()
    assert ours.poll(60)
    assert ours.recv() == ["a"]
    child.join()


def test_a_forked_process_writes_too() -> None:
    import multiprocessing

    def put(connection) -> None:
        behind._write = lambda entries: connection.send([key for key, _ in entries])
        behind.put("child", ENTRY)
        threading.Event().wait(60)

    written = Written()
    behind = WriteBehind(written, gather=0)
    behind.put("parent", ENTRY)
    assert written.some.wait(60)
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=put, args=(theirs,))
    child.start()
    try:
        assert ours.poll(60)
        assert ours.recv() == ["child"]
    finally:
        child.terminate()
        child.join()


@pytest.mark.integration
class TestShared:
    def test_other_processes_see_the_values(self) -> None:
        mine, other = TieredCache(POLICY), TieredCache(POLICY)
        mine.set("a", {"x": [1]})
        mine.set("b", "text")
        assert mine._behind
        mine._behind.flush()
        assert (other.get("a"), other.get("b")) == ({"x": [1]}, "text")
        ttl = get_redis_connection("default").pttl
        names = list(get_redis_connection("default").scan_iter("touchstone:test.behind:*"))
        assert all(0 < ttl(name) <= 60_000 for name in names)

    def test_a_server_that_is_away_is_counted_and_stops_nothing(self) -> None:
        def refuse() -> None:
            raise OSError("gone")

        cache = TieredCache(POLICY, shared=SharedTier(ttl=60, connect=refuse))
        cache.set("c", 1)
        assert cache._behind
        cache._behind.flush()
        assert cache.get("c") == 1
        assert cache.statistics()["errors"] == 1
