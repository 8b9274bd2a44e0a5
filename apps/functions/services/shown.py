"""What a program is told of functions, as JSON, kept in the process for as long as nothing of the catalogue changes."""

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson

from apps.core.prepared import Row, Statement
from apps.functions.models import Function, FunctionState, Library

MOST_KEPT = 20_000
"""Functions of which this is kept at most: some 10 MB. Of a larger catalogue, those that were found."""
AHEAD = 500
"""Functions that are read ahead at a time, in some 5 ms."""
SETTLED_SECONDS = 1.0
"""A catalogue that changed within this may be changing still: reading ahead would be for nothing."""

SHOWN = {
    "id": "functions.external_id",
    "key": "functions.id",
    "name": "functions.name",
    "qualified_name": "functions.qualified_name",
    "language": "functions.language",
    "library": "libraries.name",
    "signature": "functions.signature",
    "description": "functions.description",
}
"""What a program is told of a function, and where that is read."""


@dataclass(slots=True)
class Kept:
    """Of one version of the catalogue: JSON by the functions' keys, empty for one that may not be shown."""

    version: str
    since: float
    """A time of time.monotonic."""
    rows: dict[int, bytes] = field(default_factory=dict)
    last: int = 0
    """The key up to which was read ahead."""
    whole: bool = False
    """Whether nothing is left to be read ahead."""


class ShownFunctions:
    """Shared by the threads of a process. Whoever asks says the version of the catalogue that the functions are from.

    Rows are read after their version was found, so they are of it or newer; a newer version begins afresh.
    """

    def __init__(self) -> None:
        self._kept = Kept("", 0.0)
        self._reading = threading.Lock()

    def read(self, keys: Sequence[int], version: str) -> dict[int, bytes]:
        """A JSON object for each of the functions with these keys that may be shown, by their keys."""
        kept = self._kept
        if kept.version != version:
            kept = self._kept = Kept(version, time.monotonic())
        missing = [key for key in keys if key not in kept.rows]
        found = dict.fromkeys(missing, b"") | read_shown(missing)
        if found and len(kept.rows) + len(found) <= MOST_KEPT:
            kept.rows.update(found)
        told = {key: found[key] if key in found else kept.rows[key] for key in keys}
        return {key: shown for key, shown in told.items() if shown}

    def read_ahead(self) -> None:
        """Reads some more of a catalogue that fits, unless it changed a moment ago."""
        kept = self._kept
        settled = time.monotonic() - kept.since >= SETTLED_SECONDS
        if kept.whole or not settled or not self._reading.acquire(blocking=False):
            return
        try:
            if not kept.last and is_large():
                kept.whole = True
                return
            rows = render_rows(ahead_statement().fetch(str(kept.last), str(AHEAD)))
            kept.rows.update(rows)
            kept.last, kept.whole = max(rows, default=0), len(rows) < AHEAD
        finally:
            self._reading.release()


@cache
def shown_functions() -> ShownFunctions:
    """This process's."""
    return ShownFunctions()


def is_large() -> bool:
    """Whether there are more functions than are kept. Counts no further."""
    return Function.objects.published()[: MOST_KEPT + 1].count() > MOST_KEPT


def read_shown(keys: Sequence[int]) -> dict[int, bytes]:
    """What a program is told of the functions with these keys, as JSON, by their keys; of those that may be shown."""
    return render_rows(shown_statement().fetch(f"{{{','.join(map(str, keys))}}}")) if keys else {}


def render_rows(rows: Iterable[Row]) -> dict[int, bytes]:
    """JSON objects by the functions' keys, of rows of SHOWN."""
    rendered: dict[int, bytes] = {}
    for row in rows:
        values: dict[str, Any] = dict(zip(SHOWN, [(value or b"").decode() for value in row], strict=True))
        key = values["key"] = int(values["key"])
        rendered[key] = orjson.dumps(values)
    return rendered


@cache
def shown_statement() -> Statement:
    """Asks for the functions of some keys."""
    return Statement(_select("functions.id = ANY($1::bigint[])"))


@cache
def ahead_statement() -> Statement:
    """Asks for the next functions behind a key, so many."""
    return Statement(f"{_select('functions.id > $1::bigint')} ORDER BY functions.id LIMIT $2::bigint")


def _select(which: str) -> str:
    functions, libraries = Function._meta.db_table, Library._meta.db_table
    return (
        f"SELECT {', '.join(SHOWN.values())} FROM {functions} AS functions "  # noqa: S608
        f"JOIN {libraries} AS libraries ON libraries.id = functions.library_id "
        f"WHERE {which} AND functions.state = '{FunctionState.PUBLISHED}'"
    )
