"""One JSON document: an array of records, or an object with an array called "functions"; read piece by piece."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from apps.functions.sources.base import FileSource, SourceItem
from apps.functions.sources.json_lines import explain_json_error

CHUNK = 65_536
# An error this near to the end of what was read may be due to that end.
MARGIN = 32
LIST_NAME = "functions"

_NOT_BLANK = re.compile(r"[^ \t\r\n]")
_TOKEN = re.compile(r'\\.|["{}\[\],\n]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Broken:
    """A value that cannot be read, the line of its mistake, and whether reading can go on after it."""

    line: int
    reason: str
    goes_on: bool


class Buffer:
    """Text of a file from a position on; what was read before is dropped, and its lines counted."""

    def __init__(self, file: BinaryIO) -> None:
        self.text = ""
        self.at = 0
        self.bytes_read = 0
        self.ended = False
        self._file = file
        self._lines_before = 0
        # What is not UTF-8 is told by parse_record, for the one record that has it.
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")

    def fill(self, size: int = CHUNK) -> bool:
        """Drop what is behind the position and read on; return False at the end of the file."""
        self._lines_before += self.text.count("\n", 0, self.at)
        data = self._file.read(size)
        self.bytes_read += len(data)
        self.ended = not data
        self.text = self.text[self.at :] + self._decoder.decode(data, final=self.ended)
        self.at = 0
        return not self.ended

    def line(self, offset: int = 0) -> int:
        """Return the number of the line, from 1, at an offset from the position."""
        return self._lines_before + self.text.count("\n", 0, self.at + offset) + 1

    def peek(self) -> str:
        """Return the next character that is not white space, with the position on it, or "" at the end."""
        while True:
            match = _NOT_BLANK.search(self.text, self.at)
            if match:
                self.at = match.start()
                return match.group()
            self.at = len(self.text)
            if not self.fill():
                return ""


class JsonSource(FileSource):
    """A JSON file of any size; no more than one record of it is held."""

    kind = "json"
    place = "record"

    def items(self) -> Iterator[SourceItem]:
        """Yield a record or a problem for each element; a problem says which element, and the line of the file."""
        with self._reader.parser, self.path.open("rb") as file:
            buffer = Buffer(file)
            opening = buffer.peek()
            if opening == "[" or (opening == "{" and self._find_list(buffer)):
                buffer.at += 1
                yield from self._elements(buffer)
            else:
                reason = f"must be an array, or an object with an array called “{LIST_NAME}”"
                yield self._reader.problem(1, "record", reason)
            self.position = self.total_hint

    def _elements(self, buffer: Buffer) -> Iterator[SourceItem]:
        number = 0
        while (mark := buffer.peek()) != "]":
            self.position = buffer.bytes_read
            if mark == ",":
                buffer.at += 1
                continue
            number += 1
            if not mark:
                yield self._reader.problem(number, "record", f"is missing: the file ends on line {buffer.line()}")
                return
            value = read_value(buffer, self._limit)
            if not isinstance(value, Broken):
                yield self._reader.read(value, number)
                continue
            if mark == "}":
                # A bracket too many ends no value, and would be met again.
                buffer.at += 1
            rest = "" if value.goes_on else "; nothing after it could be read"
            yield self._reader.problem(number, "record", f"{value.reason} on line {value.line}{rest}")
            if not value.goes_on:
                return

    def _find_list(self, buffer: Buffer) -> bool:
        """Go to the array called "functions" in the outermost object; return False when there is none."""
        buffer.at += 1
        while (mark := buffer.peek()) not in ("}", ""):
            if mark == ",":
                buffer.at += 1
                continue
            key = read_value(buffer, self._limit)
            if isinstance(key, Broken) or buffer.peek() != ":":
                return False
            buffer.at += 1
            if buffer.peek() == "[" and key == LIST_NAME:
                return True
            if not skip_value(buffer):
                return False
        return False


def read_value(buffer: Buffer, limit: int) -> object:
    """Return the value at the position, or Broken; in both cases the position is then behind it."""
    size = CHUNK
    while True:
        try:
            value, end = _DECODER.raw_decode(buffer.text, buffer.at)
        except json.JSONDecodeError as error:
            if _may_be_cut(error, buffer) and len(buffer.text) - buffer.at <= limit:
                buffer.fill(size)
                size *= 2
                continue
            line = buffer.line(error.pos - buffer.at)
            if len(buffer.text) - buffer.at > limit and _may_be_cut(error, buffer):
                return Broken(buffer.line(), f"is larger than {limit // 1_000_000} MB", skip_value(buffer))
            return Broken(line, f"is not JSON: {error.msg}", skip_value(buffer))
        except (ValueError, RecursionError) as error:
            return Broken(buffer.line(), explain_json_error(error), skip_value(buffer))
        if end == len(buffer.text) and not buffer.ended and not isinstance(value, dict | list | str):
            # The digits of a number may go on.
            buffer.fill()
            continue
        buffer.at = end
        return value


def skip_value(buffer: Buffer) -> bool:
    """Go behind the value at the position, right or wrong, by its brackets; return False at the end of the file.

    A string ends with its line, as JSON has it: a missing quote costs no more than the record it is in.
    """
    depth, in_string = 0, False
    while True:
        for token in _TOKEN.finditer(buffer.text, buffer.at):
            mark = token.group()
            if in_string or mark in '"\n':
                in_string = mark not in '"\n' if in_string else mark == '"'
            elif mark in "[{":
                depth += 1
            elif depth == 0 and mark in "]},":
                buffer.at = token.start()
                return True
            elif mark in "]}":
                depth -= 1
                if depth == 0:
                    buffer.at = token.end()
                    return True
        # A backslash at the end is read again with the character that it escapes.
        buffer.at = len(buffer.text) - buffer.text.endswith("\\", buffer.at)
        if not buffer.fill():
            return False


def _may_be_cut(error: json.JSONDecodeError, buffer: Buffer) -> bool:
    if buffer.ended:
        return False
    return error.pos > len(buffer.text) - MARGIN or error.msg.startswith("Unterminated string")


_DECODER = json.JSONDecoder()
