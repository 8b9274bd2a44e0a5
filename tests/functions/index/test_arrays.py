from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.index import arrays
from apps.functions.index.arrays import (
    ArrayWriter,
    create_array,
    encode,
    open_array,
    open_strings,
    write_array,
    write_lists,
    write_strings,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("row", [(), (3,), (0,)])
@pytest.mark.parametrize("sizes", [[], [0], [1], [2, 0, 5], [1] * 30])
def test_rows_come_back(tmp_path, row, sizes):
    random = np.random.default_rng(1)
    blocks = [random.standard_normal((size, *row)).astype(np.float32) for size in sizes]
    with ArrayWriter(tmp_path / "a.npy", np.float32, row) as writer:
        for block in blocks:
            writer.append(block)
    expected = np.concatenate([np.zeros((0, *row), dtype=np.float32), *blocks])
    found = open_array(tmp_path / "a.npy")
    assert found.dtype == np.float32
    assert np.array_equal(found, expected)


def test_one_row_may_be_appended_as_it_is(tmp_path):
    with ArrayWriter(tmp_path / "a.npy", np.int32, (2,)) as writer:
        writer.append([1, 2])
        writer.append([[3, 4], [5, 6]])
    assert open_array(tmp_path / "a.npy").tolist() == [[1, 2], [3, 4], [5, 6]]


def test_rows_of_another_shape_are_refused(tmp_path):
    with ArrayWriter(tmp_path / "a.npy", np.int32, (2,)) as writer, pytest.raises(ValueError, match="shape"):
        writer.append([])


def test_mapped_arrays_cannot_be_written(tmp_path):
    write_array(tmp_path / "a.npy", np.arange(3))
    with pytest.raises(ValueError, match="read-only"):
        open_array(tmp_path / "a.npy")[0] = 1


@pytest.mark.parametrize("rows", [0, 1, 9, 10, 25])
def test_created_arrays_are_filled_in_any_order(tmp_path, monkeypatch, rows):
    monkeypatch.setattr(arrays, "BLOCK", 10)
    array = create_array(tmp_path / "a.npy", np.int32, rows)
    assert array.tolist() == [0] * rows
    array[::-1] = np.arange(rows)
    del array
    assert open_array(tmp_path / "a.npy").tolist() == list(range(rows))[::-1]


@settings(deadline=None, max_examples=50)
@given(st.sets(st.text(max_size=5), max_size=30), st.text(max_size=5))
def test_sorted_strings_are_found(tmp_path_factory, strings, other):
    folder = tmp_path_factory.mktemp("strings")
    ordered = sorted({encode(string) for string in strings})
    write_strings(folder, "words", ordered)
    found = open_strings(folder, "words")
    assert len(found) == len(ordered)
    for place, string in enumerate(ordered):
        assert found.find(string.decode()) == place
        assert found[place] == string.decode()
    assert (found.find(other) >= 0) == (encode(other) in ordered)
    asked = [other, *(string.decode() for string in ordered), other]
    assert found.choose_known(asked) == [place for place, text in enumerate(asked) if encode(text) in ordered]


def test_lists_are_sliced_by_their_offsets(tmp_path):
    write_lists(tmp_path, "rows", [[1, 2], [], [3]])
    values, offsets = open_array(tmp_path / "rows.npy"), open_array(tmp_path / "rows_offsets.npy")
    assert [values[a:b].tolist() for a, b in pairwise(offsets)] == [[1, 2], [], [3]]
