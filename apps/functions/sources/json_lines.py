"""JSON Lines: a record a line."""

import json
from collections.abc import Iterator

from apps.functions.sources.base import FileSource, SourceItem
from apps.functions.sources.lines import Line, explain_length, read_lines


class JsonLinesSource(FileSource):
    """A file with a JSON object on each line; blank lines are passed over."""

    kind = "jsonl"

    def items(self) -> Iterator[SourceItem]:
        """Yield a record or a problem for each line."""
        with self._reader.parser, self.path.open("rb") as file:
            for line in read_lines(file, self._limit):
                self.position += line.size
                item = self._read(line)
                if item is not None:
                    yield item

    def _read(self, line: Line) -> SourceItem | None:
        if line.content is None:
            return self._reader.problem(line.number, "record", explain_length(line.size, self._limit))
        try:
            text = line.content.decode("utf-8-sig" if line.number == 1 else "utf-8")
            return self._reader.read(json.loads(text), line.number) if text.strip() else None
        except (ValueError, RecursionError) as error:
            return self._reader.problem(line.number, "record", explain_json_error(error))


def explain_json_error(error: Exception) -> str:
    """Return what is wrong with a piece of JSON, for people."""
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} at column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8 text: byte 0x{error.object[error.start]:02X} at position {error.start}"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return f"is not JSON that can be read: {error}"
