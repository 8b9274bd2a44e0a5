"""A function record: the one shape in which functions enter and leave the catalogue."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from apps.functions.languages import explain_unknown_language, find_language

# Longest values, in characters.
LIMITS: Mapping[str, int] = {
    "id": 500,
    "name": 300,
    "language": 40,
    "library": 200,
    "path": 1_000,
    "qualified_name": 500,
    "signature": 2_000,
    "action": 100,
    "data_type": 100,
    "order_type": 100,
    "complexity": 100,
    "usage": 20_000,
    "description": 100_000,
    "code": 1_000_000,
}
MAX_KEYWORDS = 100
MAX_KEYWORD = 100
MAX_LINE = 2_000_000_000

_NEWLINES = re.compile(r"\r\n?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BLANK = re.compile(r"\s+")
_KEYWORD_BREAK = re.compile(r"[,;|]")


class RecordError(ValueError):
    """A record that cannot be taken: `field` names what is wrong, `reason` says it in words."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """What a source could not give as a record: `location` is "line 3" or "pkg/mod.py:12"."""

    location: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class FunctionRecord:
    """One function. `external_id` is its own id, unique within its library; absent texts are empty."""

    external_id: str
    name: str
    language: str
    description: str = ""
    code: str = ""
    signature: str = ""
    library: str = ""
    keywords: tuple[str, ...] = ()
    action: str = ""
    data_type: str = ""
    order_type: str = ""
    usage: str = ""
    complexity: str = ""
    popularity: float = 0.0
    path: str = ""
    line: int | None = None
    qualified_name: str = ""


def parse_record(mapping: object, *, defaults: Mapping[str, str] | None = None) -> FunctionRecord:
    """Return the record in a mapping read from outside; `defaults` fill what it leaves out.

    Unknown keys are ignored. Names, ids and other short fields refuse control characters; `description`, `code` and
    `usage` lose them, since Postgres stores no NUL. Raises RecordError naming the first field that is wrong.
    """
    if not isinstance(mapping, Mapping):
        raise RecordError("record", f"must be an object, not {_kind(mapping)}")
    values = {**(defaults or {}), **{key: value for key, value in mapping.items() if value not in (None, "")}}
    name = _read_short(values, "name")
    if not name:
        raise RecordError("name", "is required")
    description, code = _read_block(values, "description").strip(), _read_block(values, "code").strip("\n")
    if not description and not code.strip():
        raise RecordError("description", "is required when there is no code")
    record = FunctionRecord(
        external_id=_read_short(values, "id"),
        name=name,
        language=_read_language(values),
        description=description,
        code=code,
        signature=_read_short(values, "signature"),
        library=_read_short(values, "library"),
        keywords=_read_keywords(values.get("keywords")),
        action=_read_short(values, "action"),
        data_type=_read_short(values, "data_type"),
        order_type=_read_short(values, "order_type"),
        usage=_read_block(values, "usage").strip(),
        complexity=_read_short(values, "complexity"),
        popularity=_read_popularity(values.get("popularity")),
        path=_read_short(values, "path"),
        line=_read_line(values.get("line")),
        qualified_name=_read_short(values, "qualified_name") or name,
    )
    return record if record.external_id else replace(record, external_id=derive_external_id(record))


def derive_external_id(record: FunctionRecord, *, ordinal: int = 1) -> str:
    """Return an id for a record that brings none, the same whenever the same source is read again.

    It holds the path and qualified name, or the language and name when there is no path, and not the code: an edited
    function stays the same function. `ordinal` tells apart those that share all this within one source (from 1).
    """
    name = record.qualified_name or record.name
    base = f"{record.path}::{name}" if record.path else f"{record.language}:{name}"
    suffix = f"#{ordinal}" if ordinal > 1 else ""
    room = LIMITS["id"] - len(suffix)
    if len(base) > room:
        digest = hashlib.sha256(base.encode("utf-8", "replace")).hexdigest()[:16]
        base = f"{base[: room - len(digest) - 1]}~{digest}"
    return base + suffix


def record_digest(record: FunctionRecord) -> str:
    """Return 64 hex digits that change when, and only when, the content of a record changes.

    The id and the library are left out, since they say which function it is, and so is the line, since an edit
    higher up in the file moves every function below it.
    """
    content = {
        field: getattr(record, field)
        for field in FunctionRecord.__slots__
        if field not in ("external_id", "library", "line")
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def parse_language(text: str) -> str:
    """Return the canonical name of a language. Raises RecordError with the nearest known name."""
    language = find_language(text)
    if language is None:
        raise RecordError("language", explain_unknown_language(text))
    return language


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def _read_text(values: Mapping[str, object], field: str) -> str:
    value = values.get(field)
    if value is None:
        return ""
    if field in ("id", "complexity") and isinstance(value, int) and not isinstance(value, bool):
        # Longer numbers than these are refused by Python itself when turned into text.
        value = str(value) if value.bit_length() < 1_000 else "?" * (LIMITS[field] + 1)
    if not isinstance(value, str):
        raise RecordError(field, f"must be text, not {_kind(value)}")
    if len(value) > LIMITS[field]:
        raise RecordError(field, f"has {len(value):,} characters; the limit is {LIMITS[field]:,}")
    return value


def _read_short(values: Mapping[str, object], field: str) -> str:
    text = _BLANK.sub(" ", _read_text(values, field)).strip()
    _refuse_control(field, text)
    return text


def _refuse_control(field: str, text: str) -> None:
    found = _CONTROL.search(text) or _SURROGATE.search(text)
    if found:
        raise RecordError(field, f"contains the character U+{ord(found.group()):04X}, which cannot be kept")


def _read_block(values: Mapping[str, object], field: str) -> str:
    text = _NEWLINES.sub("\n", _read_text(values, field))
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", text))


def _read_language(values: Mapping[str, object]) -> str:
    text = _read_short(values, "language")
    if not text:
        raise RecordError("language", "is required")
    return parse_language(text)


def _read_keywords(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    parts = _KEYWORD_BREAK.split(value) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise RecordError("keywords", f"must be a list or text separated by commas, not {_kind(value)}")
    keywords: dict[str, None] = {}
    for part in parts:
        if not isinstance(part, str):
            raise RecordError("keywords", f"must hold text only, not {_kind(part)}")
        keyword = _BLANK.sub(" ", part).strip()
        _refuse_control("keywords", keyword)
        if len(keyword) > MAX_KEYWORD:
            raise RecordError("keywords", f"has one of {len(keyword):,} characters; the limit is {MAX_KEYWORD}")
        if keyword:
            keywords[keyword] = None
    if len(keywords) > MAX_KEYWORDS:
        raise RecordError("keywords", f"has {len(keywords):,}; the limit is {MAX_KEYWORDS}")
    return tuple(keywords)


def _read_popularity(value: object) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise RecordError("popularity", f"must be a number, not {_kind(value)}")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise RecordError("popularity", "must be a number") from None
    if not math.isfinite(number):
        raise RecordError("popularity", "must be a finite number")
    return number


def _read_line(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise RecordError("line", "must be a whole number")
    if not 1 <= value <= MAX_LINE:
        raise RecordError("line", f"must be from 1 to {MAX_LINE:,}")
    return value
