"""What an entry may hold: no secret, and no text so long that the log is a second copy of the data."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from itertools import takewhile
from typing import Any

HIDDEN = "(hidden)"
SECRET_NAME = re.compile(r"password|passwd|secret|token|hash|credential|private_key|recovery_code|authorization", re.I)
# API keys of ours, JSON web tokens, and passwords in addresses.
SECRET_TEXT = re.compile(
    r"ts_[a-z0-9]{8}_[A-Za-z0-9]{20,}|eyJ[\w-]+\.[\w-]+\.[\w-]+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)", re.ASCII
)
MOST_CHARACTERS = 2000
MOST_ITEMS = 200
BEFORE_THE_CHANGE = 200
"""Characters shown in front of the first difference of two long texts."""


def hide(value: str) -> str:
    """For auditlog, which asks for what stands in place of a secret."""
    return HIDDEN


def is_secret(name: str) -> bool:
    return SECRET_NAME.search(name) is not None


def mask(value: Any) -> Any:
    """The value as JSON can hold it: secrets hidden, by name and by shape, and long texts and lists cut."""
    if isinstance(value, Mapping):
        shown = {str(name): HIDDEN if is_secret(str(name)) and inner else mask(inner) for name, inner in value.items()}
        return dict(list(shown.items())[:MOST_ITEMS])
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(inner) for inner in list(value)[:MOST_ITEMS]]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return cut(SECRET_TEXT.sub(HIDDEN, str(value).replace("\0", "")))


def mask_change(name: str, before: Any, after: Any) -> list[Any]:
    """Both sides of a field's change. Of two long texts the part is kept where they begin to differ."""
    if is_secret(name):
        return [HIDDEN if value else value for value in (before, after)]
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > MOST_CHARACTERS:
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
        start = max(0, same - BEFORE_THE_CHANGE)
        before, after = (f"…{text[start:]}" if start else text for text in (before, after))
    return [mask(before), mask(after)]


def cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}… ({len(text):,} characters)"
