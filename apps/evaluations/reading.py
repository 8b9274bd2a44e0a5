"""Case files: JSON Lines and CSV, a line at a time. Pure: no Django, no database."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

import orjson

from apps.core.targets.types import CaseRecord

FORMS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv"}
"""The form of a file by the end of its name."""
MAX_LINE_BYTES = 1_000_000
KEYS = ("id", "query", "input", "expected", "filters", "tags", "group", "made_by")
FILTER_COLUMNS = ("language", "library")
COLUMNS = ("id", "query", "expected", *FILTER_COLUMNS, "tags", "group", "made_by")
SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True)
class ReadCase:
    """A case with the number of its line, from 1. Its `external_id` is empty when the file gives none."""

    line: int
    record: CaseRecord


@dataclass(frozen=True, slots=True)
class CaseProblem:
    """What is wrong with one field of a line; `field` is "" for the line as a whole. `reason` follows its name."""

    location: str
    field: str
    reason: str


class _BadLine(ValueError):
    """`ends` says that the lines after it cannot be read either."""

    def __init__(self, field: str, reason: str, *, ends: bool = False) -> None:
        super().__init__(f"{field} {reason}")
        self.field, self.reason, self.ends = field, reason, ends


def read_cases(stream: BinaryIO, form: str) -> Iterator[ReadCase | CaseProblem]:
    """The cases of a file in `form` "jsonl" or "csv", and what is wrong with it, in the order of its lines.

    The text is UTF-8, with or without a byte order mark; the first line in another encoding ends the reading. Ids that
    come twice are a problem of the second. Raises ValueError for another form.
    """
    if form not in FORMS.values():
        raise ValueError(f"{form} is no form of case files")
    lines_of_ids: dict[str, int] = {}
    for item in read_json_lines(stream) if form == "jsonl" else read_csv(stream):
        if isinstance(item, ReadCase) and (external_id := item.record.external_id):
            first = lines_of_ids.setdefault(external_id, item.line)
            if first != item.line:
                yield CaseProblem(f"line {item.line}", "id", f"is {external_id!r}, which line {first} has already")
                continue
        yield item


def read_json_lines(stream: BinaryIO) -> Iterator[ReadCase | CaseProblem]:
    """A JSON object a line; blank lines are passed over."""
    for number, line in read_lines(stream):
        try:
            text = _decode(line, number)
            if text.strip():
                yield ReadCase(number, parse_case(_parse_json(text)))
        except _BadLine as error:
            yield CaseProblem(f"line {number}", error.field, error.reason)
            if error.ends:
                return


def read_csv(stream: BinaryIO) -> Iterator[ReadCase | CaseProblem]:
    """A header row, then a case a row; a row is known by its first line. Commas, semicolons or tabs separate."""
    texts = _Texts(stream)
    try:
        header = next(texts, "")
        columns = _read_columns(header)
        rows = csv.reader(chain([header], texts), columns.dialect, strict=True)
        next(rows, None)
        while (row := _next_row(rows, texts)) is not None:
            try:
                if any(row.cells):
                    yield ReadCase(row.line, parse_case(_read_row(row, columns)))
            except _BadLine as error:
                yield CaseProblem(f"line {row.line}", error.field, error.reason)
    except _BadLine as error:
        yield CaseProblem(f"line {max(texts.line, 1)}", error.field, error.reason)


def parse_case(mapping: object) -> CaseRecord:
    """The case in a mapping with the keys of `KEYS`. Raises _BadLine naming the key at fault."""
    if not isinstance(mapping, Mapping):
        raise _BadLine("", "is no JSON object")
    unknown = sorted(str(key) for key in mapping if key not in KEYS)
    if unknown:
        raise _BadLine(unknown[0], f"is no field of a case; known are {', '.join(KEYS)}")
    return CaseRecord(
        external_id=_read(mapping, "id", _as_id, ""),
        query=_read(mapping, "query", _as_text, ""),
        input=_read(mapping, "input", _as_mapping, {}),
        expected=mapping.get("expected"),
        filters=_read(mapping, "filters", _as_filters, {}),
        tags=_read(mapping, "tags", _as_tags, ()),
        group=_read(mapping, "group", _as_id, ""),
        made_by=_read(mapping, "made_by", _as_text, ""),
    )


def read_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Lines with their ends, numbered from 1; None for one of more than MAX_LINE_BYTES, which is never held whole."""
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) <= MAX_LINE_BYTES:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE_BYTES)
        yield number, None


class _Texts:
    """The lines of a file as text; `line` is the number of the last one given out."""

    def __init__(self, stream: BinaryIO) -> None:
        self._lines = read_lines(stream)
        self.line = 0

    def __iter__(self) -> "_Texts":
        return self

    def __next__(self) -> str:
        self.line, line = next(self._lines)
        return _decode(line, self.line)


@dataclass(frozen=True, slots=True)
class _Columns:
    names: list[str]
    dialect: type[csv.Dialect]


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: list[str]


def _read_columns(header: str) -> _Columns:
    class Separated(csv.excel):
        delimiter = max(SEPARATORS, key=header.count)

    try:
        names = [name.strip().lower() for name in next(csv.reader([header], Separated), [])]
    except csv.Error as error:
        raise _BadLine("", f"is no header row: {error}") from error
    if not any(names):
        raise _BadLine("", f"is no header row; its columns may be {', '.join(COLUMNS)}")
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise _BadLine(unknown[0], f"is no column of a case file; known are {', '.join(COLUMNS)}")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise _BadLine(twice[0], "is the name of two columns")
    return _Columns(names, Separated)


def _next_row(rows: Iterator[list[str]], texts: _Texts) -> _Row | None:
    start = texts.line + 1
    try:
        cells = next(rows, None)
    except csv.Error as error:
        # A quote that is never closed swallows what follows: nothing after it can be told apart.
        raise _BadLine("", f"is not CSV: {error} in the row from line {start} on") from error
    return None if cells is None else _Row(start, cells)


def _read_row(row: _Row, columns: _Columns) -> dict[str, Any]:
    if len(row.cells) > len(columns.names):
        raise _BadLine("", f"has {len(row.cells)} fields; the header has {len(columns.names)}")
    values: dict[str, Any] = {name: cell for name, cell in zip(columns.names, row.cells, strict=False) if cell}
    filters = {name: values.pop(name) for name in FILTER_COLUMNS if name in values}
    if "expected" in values:
        values["expected"] = split_expected(values["expected"])
    if "tags" in values:
        values["tags"] = [tag.strip() for tag in values["tags"].split(",") if tag.strip()]
    return {**values, "filters": filters}


def split_expected(text: str) -> Any:
    """Right answers out of one cell: a JSON list, or ids separated by "|"."""
    if text.lstrip().startswith("["):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise _BadLine("expected", f"is no JSON list: {error.msg} at column {error.colno}") from error
    return [one.strip() for one in text.split("|") if one.strip()]


def _decode(line: bytes | None, number: int) -> str:
    if line is None:
        raise _BadLine("", f"is longer than {MAX_LINE_BYTES // 1_000_000} MB")
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        reason = f"is not UTF-8 text: byte 0x{byte:02X} at position {error.start}; save the file as UTF-8"
        raise _BadLine("", reason, ends=True) from error


def _parse_json(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _BadLine("", f"is not JSON: {error.msg} at column {error.colno}") from error


def _read(mapping: Mapping[str, Any], key: str, convert: Callable[[Any], Any], default: Any) -> Any:
    """The value, converted; null stands for none."""
    value = mapping.get(key)
    if value is None:
        return default
    try:
        return convert(value)
    except TypeError as error:
        raise _BadLine(key, str(error)) from error


def _as_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("must be a text")
    return value


def _as_id(value: object) -> str:
    """Ids are often numbers in files."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _as_text(value).strip()


def _as_mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("must be an object")
    return value


def _as_filters(value: object) -> dict[str, str]:
    if not all(isinstance(one, str) for one in _as_mapping(value).values()):
        raise TypeError("must have texts as values")
    return _as_mapping(value)


def _as_tags(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise TypeError("must be a list of texts")
    return tuple(dict.fromkeys(tag.strip() for tag in value))
