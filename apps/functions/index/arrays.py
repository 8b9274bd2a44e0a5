"""Arrays and sorted strings in files: written row by row, read through the page cache."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zlib import crc32

import numpy as np
from numpy.typing import DTypeLike, NDArray

BLOCK = 1 << 20
SLOTS = 3
"""So many a string are in a table of hashes: few are then not where their hash says."""

REMEMBERED = 4_096
"""Look-ups that are remembered: the words of queries come back."""


class ArrayWriter:
    """Writes an .npy file whose number of rows is known only at the end."""

    def __init__(self, path: Path, dtype: DTypeLike, row: tuple[int, ...] = ()) -> None:
        self._dtype, self._row = np.dtype(dtype), row
        self._file = path.open("wb")
        self.rows = 0
        self._write_header()

    def append(self, rows: Any) -> None:
        """Add rows, an array of shape (n, *row) or what can be made one, or a single row."""
        array = np.ascontiguousarray(rows, dtype=self._dtype)
        if self._row and array.ndim == len(self._row):
            array = array[np.newaxis]
        if array.shape[1:] != self._row:
            raise ValueError(f"rows of shape {array.shape[1:]} do not go with rows of shape {self._row}")
        if array.size:
            self._file.write(array.data)
        self.rows += len(array)

    def close(self) -> None:
        self._file.seek(0)
        self._write_header()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _write_header(self) -> None:
        # The header is padded for any number of rows, so that it can be written again in place.
        header = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self.rows, *self._row),
        }
        np.lib.format.write_array_header_1_0(self._file, header)


def write_array(path: Path, array: NDArray[Any]) -> None:
    with ArrayWriter(path, array.dtype, array.shape[1:]) as writer:
        writer.append(array)


def create_array(path: Path, dtype: DTypeLike, rows: int) -> NDArray[Any]:
    """A mapped array of zeros, to be filled in any order; its pages reach the file when it is let go."""
    with ArrayWriter(path, dtype) as writer:
        block = np.zeros(min(rows, BLOCK), dtype=dtype)
        for start in range(0, rows, BLOCK):
            writer.append(block[: rows - start])
    array: NDArray[Any] = np.load(path, mmap_mode="r+", allow_pickle=False)
    return array


def open_array(path: Path) -> NDArray[Any]:
    """Map an array's file for reading."""
    # A plain view: slicing an np.memmap costs microseconds more each time.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


class SortedStrings:
    """Strings in order of their UTF-8 bytes, found where they lie: by their hash, or by bisection."""

    def __init__(self, blob: NDArray[np.uint8], offsets: NDArray[np.int64], slots: NDArray[np.int32]) -> None:
        self._blob, self._offsets, self._slots = blob.data, offsets.data, slots.data
        self.find = lru_cache(maxsize=REMEMBERED)(self._find)
        """The place of a string, or -1."""
        self.lower_bound = lru_cache(maxsize=REMEMBERED)(self._lower_bound)
        """The place of the first string that is not before this one."""

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, place: int) -> str:
        return self._bytes(place).decode("utf-8")

    def choose_known(self, texts: Sequence[str]) -> list[int]:
        """The places in `texts` of those that are among the strings: for many that will not come back."""
        slots, count, known = self._slots, len(self._slots), []
        for number, text in enumerate(texts):
            wanted = encode(text)
            slot = crc32(wanted) % count
            while (place := slots[slot]) >= 0:
                if self._bytes(place) == wanted:
                    known.append(number)
                    break
                slot = (slot + 1) % count
        return known

    def _find(self, text: str) -> int:
        wanted = encode(text)
        slot = crc32(wanted) % len(self._slots)
        while (place := self._slots[slot]) >= 0 and self._bytes(place) != wanted:
            slot = (slot + 1) % len(self._slots)
        return place

    def _lower_bound(self, text: str) -> int:
        return bisect_left(range(len(self)), encode(text), key=self._bytes)

    def _bytes(self, place: int) -> bytes:
        return bytes(self._blob[self._offsets[place] : self._offsets[place + 1]])


def encode(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def hash_strings(strings: Sequence[bytes]) -> NDArray[np.int32]:
    """A table of their places, each in the first slot that was free from that of its hash on; -1 in free ones."""
    table = np.full(SLOTS * len(strings) + 1, -1, dtype=np.int32)
    slots = table.data
    for place, string in enumerate(strings):
        slot = crc32(string) % len(slots)
        while slots[slot] >= 0:
            slot = (slot + 1) % len(slots)
        slots[slot] = place
    return table


def write_strings(folder: Path, name: str, strings: Sequence[bytes]) -> None:
    """Write strings that are in order already, as the files `name`.npy, `name`_offsets.npy and `name`_slots.npy."""
    write_array(folder / f"{name}_slots.npy", hash_strings(strings))
    blob, offsets = ArrayWriter(folder / f"{name}.npy", np.uint8), ArrayWriter(folder / f"{name}_offsets.npy", np.int64)
    with blob, offsets:
        offsets.append([0])
        for start in range(0, len(strings), 10_000):
            block = strings[start : start + 10_000]
            offsets.append(blob.rows + np.cumsum([len(string) for string in block]))
            blob.append(np.frombuffer(b"".join(block), dtype=np.uint8))


def open_strings(folder: Path, name: str) -> SortedStrings:
    return SortedStrings(*(open_array(folder / f"{name}{part}.npy") for part in ("", "_offsets", "_slots")))


def write_lists(folder: Path, name: str, lists: Iterable[Sequence[int]]) -> None:
    """Write lists of whole numbers, to be sliced by their offsets, as `name`.npy and `name`_offsets.npy."""
    values, offsets = (
        ArrayWriter(folder / f"{name}.npy", np.int32),
        ArrayWriter(folder / f"{name}_offsets.npy", np.int64),
    )
    with values, offsets:
        offsets.append([0])
        for numbers in lists:
            values.append(numbers)
            offsets.append([values.rows])
