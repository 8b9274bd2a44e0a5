"""CSV with a header row, separated by commas, semicolons or tabs."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from apps.functions.records import LIMITS
from apps.functions.sources.base import MAX_RECORD_BYTES, FileSource, SourceError, SourceItem
from apps.functions.sources.lines import explain_length, read_lines

SEPARATORS = ",;\t"
# A field longer than a record may have is one that a missing quote has made of all that follows.
MAX_FIELD = 2 * LIMITS["code"]
_BLANK = re.compile(r"[\s-]+")


class CsvSource(FileSource):
    """A CSV file; a record may go over several lines, and is known by its first."""

    kind = "csv"

    def __init__(self, path: Path, *, language: str | None, library: str | None, limit: int = MAX_RECORD_BYTES) -> None:
        super().__init__(path, language=language, library=library, limit=limit)
        self._line = 0
        self._too_long: list[tuple[int, int]] = []
        with path.open("rb") as file:
            self._separator = sniff_separator(file.readline(limit))
        with path.open("rb") as file:
            self._columns = self._read_header(csv.reader(self._texts(file), delimiter=self._separator))

    def items(self) -> Iterator[SourceItem]:
        """Yield a record or a problem for each row."""
        # One value for the process; Python's own, 131,072 characters, is less than code may have.
        csv.field_size_limit(MAX_FIELD)
        self.position = self._line = 0
        self._too_long.clear()
        with self._reader.parser, self.path.open("rb") as file:
            rows = csv.reader(self._texts(file), delimiter=self._separator)
            next(rows, None)
            while True:
                start = self._line + 1
                item = self._read_row(rows, start)
                for number, size in self._too_long:
                    yield self._reader.problem(number, "record", explain_length(size, self._limit))
                self._too_long.clear()
                if item is not None:
                    yield item
                elif self._line < start:
                    return

    def _read_row(self, rows: Iterator[list[str]], start: int) -> SourceItem | None:
        try:
            row = next(rows, None)
        except csv.Error as error:
            return self._reader.problem(start, "record", f"is not CSV: {error}")
        if not row:
            return None
        if len(row) > len(self._columns):
            reason = f"has {len(row)} fields; the header has {len(self._columns)}"
            return self._reader.problem(start, "record", reason)
        return self._reader.read(dict(zip(self._columns, row, strict=False)), start)

    def _read_header(self, rows: Iterator[list[str]]) -> list[str]:
        try:
            header = next(rows, None) or []
        except csv.Error as error:
            raise SourceError("path", f"has no header row that can be read: {error}") from error
        columns = [_BLANK.sub("_", column.strip().lower()) for column in header]
        if "name" not in columns:
            raise SourceError("path", "has no header row with a column called “name”")
        twice = next((column for column, times in Counter(columns).items() if column and times > 1), None)
        if twice:
            raise SourceError("path", f"has two columns called “{twice}”")
        return columns

    def _texts(self, file: BinaryIO) -> Iterator[str]:
        for line in read_lines(file, self._limit):
            self._line = line.number
            self.position += line.size
            if line.content is None:
                self._too_long.append((line.number, line.size))
            else:
                # What is not UTF-8 is told by parse_record, for the one record that has it.
                yield line.content.decode("utf-8-sig" if line.number == 1 else "utf-8", "surrogateescape")


def sniff_separator(header: bytes) -> str:
    """Return the separator that the header row has most of, the comma when it has none."""
    text = header.decode("utf-8", "replace")
    return max(SEPARATORS, key=text.count)
