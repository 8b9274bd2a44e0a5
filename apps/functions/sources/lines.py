"""Lines of a file, however long: one over the limit is never held whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

STEP = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number from 1; `content` is None for one longer than the limit, `size` its bytes."""

    number: int
    content: bytes | None
    size: int


def read_lines(file: BinaryIO, limit: int) -> Iterator[Line]:
    """Yield the lines of a binary file with their ends, each of up to `limit` bytes."""
    number = 0
    while content := file.readline(limit + 1):
        number += 1
        if len(content) <= limit or content.endswith(b"\n"):
            yield Line(number, content, len(content))
            continue
        size = len(content)
        del content
        while rest := file.readline(STEP):
            size += len(rest)
            if rest.endswith(b"\n"):
                break
        yield Line(number, None, size)


def explain_length(size: int, limit: int) -> str:
    """Return the sentence part about a record of so many bytes."""
    return f"has {size / 1_000_000:,.1f} MB; the limit is {limit // 1_000_000:,} MB"
