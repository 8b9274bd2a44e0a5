import pytest

from apps.functions.index import open_current, snapshot
from tests.functions.index.catalogue import build, entry

pytestmark = pytest.mark.unit

ENTRIES = [entry(1, "read_csv", "Reads a table", [1, 0])]


def test_without_an_index_there_is_nothing_to_open(tmp_path):
    assert open_current(tmp_path) is None
    assert open_current(tmp_path / "missing") is None


def test_a_known_generation_is_given_back_until_there_is_a_newer_one(tmp_path):
    build(tmp_path, ENTRIES)
    first = open_current(tmp_path)
    assert not first.is_stale()
    assert open_current(tmp_path, known=first) is first
    build(tmp_path, [*ENTRIES, entry(2, "write_csv")])
    assert first.is_stale()
    second = open_current(tmp_path, known=first)
    assert second.manifest.documents == 2
    assert not second.is_stale()


def test_it_becomes_stale_when_the_index_is_removed(tmp_path):
    build(tmp_path, ENTRIES)
    first = open_current(tmp_path)
    (tmp_path / "CURRENT").unlink()
    assert first.is_stale()
    assert open_current(tmp_path, known=first) is None


@pytest.mark.parametrize("name", ["vectors.npy", "terms.npy", "posting_rows.npy", "manifest.json"])
@pytest.mark.parametrize("damage", ["missing", "cut", "garbled"])
def test_a_damaged_index_counts_as_missing(tmp_path, name, damage):
    manifest = build(tmp_path, ENTRIES)
    path = tmp_path / manifest.generation / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-1] if damage == "cut" else b"\x00" * len(content))
    assert open_current(tmp_path) is None


def test_a_generation_removed_while_it_is_opened_gives_way_to_the_newer(tmp_path, monkeypatch):
    build(tmp_path, ENTRIES)
    real, calls = snapshot.read_current, []

    def read_late(root):
        name = real(root)
        if not calls:
            for n in range(3):
                build(tmp_path, [entry(n + 5, "newer")])
        calls.append(name)
        return name

    monkeypatch.setattr(snapshot, "read_current", read_late)
    assert open_current(tmp_path).segment.ids.tolist() == [7]
    assert len(calls) == 2
