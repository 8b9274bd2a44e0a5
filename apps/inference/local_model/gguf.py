"""Reads what a GGUF file says of itself, which lies before its tensors.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Integers are little-endian; lengths have 8 bytes.
"""

import struct
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from apps.core.embedded.language_model import MAGIC
from apps.inference.local_model.errors import ModelFileError

VERSIONS = (2, 3)
STRING, ARRAY = 8, 9
SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
LONGEST = 16 * 1024 * 1024  # bytes of one text
MOST = 1_000_000  # entries, and elements of an array

Value = str | int | float | bool


@dataclass(frozen=True)
class GgufHeader:
    """`values` are the entries that are no arrays."""

    tensors: int
    values: dict[str, Value]

    @property
    def architecture(self) -> str:
        return str(self.values.get("general.architecture", ""))

    @property
    def context(self) -> int:
        """Tokens that the model was trained for; 0 when it does not say."""
        value = self.values.get(f"{self.architecture}.context_length", 0)
        return value if isinstance(value, int) else 0

    @property
    def license(self) -> str:
        return str(self.values.get("general.license", "")) or "unknown"

    @property
    def files(self) -> int:
        """In how many files the model lies."""
        value = self.values.get("split.count", 1)
        return max(1, value) if isinstance(value, int) else 1


def read_header(path: Path) -> GgufHeader:
    """Raises ModelFileError when it is no GGUF file, or is cut short; OSError when it cannot be read."""
    with path.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            raise ModelFileError(f"{path} is not a GGUF file")
        try:
            return _read_entries(stream)
        except (struct.error, UnicodeDecodeError, KeyError, ValueError) as error:
            raise ModelFileError(f"{path} begins like a GGUF file and cannot be read as one") from error


def _read_entries(stream: BufferedReader) -> GgufHeader:
    version = _read_number(stream, "<I")
    if version not in VERSIONS:
        raise ValueError(f"version {version}")
    tensors, entries = _read_number(stream, "<Q"), _read_number(stream, "<Q")
    if not tensors or entries > MOST:
        raise ValueError("no tensors, or too many entries")
    values: dict[str, Value] = {}
    for _ in range(entries):
        key, kind = _read_text(stream), _read_number(stream, "<I")
        if kind == ARRAY:
            _skip_array(stream)
        else:
            values[key] = _read_text(stream) if kind == STRING else _read_number(stream, SCALARS[kind])
    return GgufHeader(tensors, values)


def _skip_array(stream: BufferedReader) -> None:
    kind, count = _read_number(stream, "<I"), _read_number(stream, "<Q")
    if count > MOST:
        raise ValueError(f"an array of {count}")
    if kind == STRING:
        for _ in range(count):
            _read_bytes(stream, _read_number(stream, "<Q"))
    else:
        _read_bytes(stream, count * struct.calcsize(SCALARS[kind]))


def _read_text(stream: BufferedReader) -> str:
    return _read_bytes(stream, _read_number(stream, "<Q")).decode("utf-8")


def _read_number(stream: BufferedReader, layout: str) -> int:
    value: int = struct.unpack(layout, stream.read(struct.calcsize(layout)))[0]
    return value


def _read_bytes(stream: BufferedReader, count: int) -> bytes:
    if count > LONGEST:
        raise ValueError(f"{count} bytes at once")
    read = stream.read(count)
    if len(read) != count:
        raise ValueError("cut short")
    return read
