import threading

import pytest

from apps.functions.index import LiveIndex, Overlay, open_current, read_manifest
from apps.functions.index.store import KEPT, building_folder, list_generations
from tests.functions.index.catalogue import build, entry, find_postings

pytestmark = pytest.mark.unit


def test_generations_follow_each_other_and_old_ones_go(tmp_path):
    names = [build(tmp_path, [entry(1, f"function{n}")]).generation for n in range(4)]
    assert names == sorted(names)
    assert [folder.name for folder in list_generations(tmp_path)] == names[-KEPT:]
    assert read_manifest(tmp_path).generation == names[-1]


def test_leftovers_of_dead_builders_are_removed(tmp_path):
    dead = tmp_path / ".building-dead"
    dead.mkdir()
    (dead / "ids.npy").write_bytes(b"half")
    (tmp_path / ".CURRENT").write_text("half")
    build(tmp_path, [entry(1, "read_csv")])
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_failed_build_changes_nothing(tmp_path):
    before = build(tmp_path, [entry(1, "read_csv")])

    def break_off():
        yield entry(2, "write_csv")
        raise OSError("the database went away")

    with pytest.raises(OSError, match="database"):
        build(tmp_path, break_off())
    assert read_manifest(tmp_path) == before
    assert [folder.name for folder in list_generations(tmp_path)] == [before.generation]
    assert not list(tmp_path.glob(".building-*"))


def test_builders_wait_for_each_other(tmp_path):
    inside, order = threading.Event(), []

    def build_second():
        with building_folder(tmp_path):
            order.append("second")

    with building_folder(tmp_path) as folder:
        second = threading.Thread(target=build_second)
        second.start()
        inside.wait(0.2)
        assert folder.is_dir()
        order.append("first")
    second.join(60)
    assert order == ["first", "second"]


def test_many_builders_at_once_leave_a_whole_index(tmp_path):
    threads = [threading.Thread(target=build, args=(tmp_path, [entry(n, f"function{n}")])) for n in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list_generations(tmp_path)) == KEPT
    assert len(LiveIndex(open_current(tmp_path), Overlay())) == 1


def test_an_open_generation_stays_readable_when_removed(tmp_path):
    build(tmp_path, [entry(1, "read_csv", "Reads a table")])
    held = open_current(tmp_path)
    for n in range(3):
        build(tmp_path, [entry(1, f"function{n}")])
    assert held.manifest.generation not in [folder.name for folder in list_generations(tmp_path)]
    assert find_postings(held.segment.terms, "csv").rows.tolist() == [0]
