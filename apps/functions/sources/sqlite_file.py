"""SQLite: a `functions` table, and a `keywords` table with function_id and keyword."""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from apps.functions.sources.base import RecordReader, SourceError, SourceItem

TABLE = "functions"
COLUMNS = (
    *("id", "name", "description", "code", "language", "action", "data_type", "order_type", "usage", "complexity"),
    *("popularity", "signature", "library", "qualified_name", "path", "line"),
)
REQUIRED = frozenset({"id", "name"})
MAX_VALUE_BYTES = 20_000_000
# A row that takes longer than this comes from a table made to hang its reader.
ROW_SECONDS = 60.0
STEPS_BETWEEN_LOOKS = 100_000
SEPARATOR = "\x1f"


class SqliteSource:
    """A SQLite file, opened so that nothing can be written to it; rows come in the order of their ids."""

    kind = "sqlite"
    unit = "rows"

    def __init__(self, path: Path, *, language: str | None, library: str | None) -> None:
        self.path = path
        self.position = 0
        self.skipped: Counter[str] = Counter()
        self._reader = RecordReader(place="row", language=language, library=library)
        _refuse_unfinished(path)
        try:
            with closing(self._connect()) as database:
                self._columns = _find_columns(database, TABLE)
                self._has_keywords = {"function_id", "keyword"} <= set(_find_columns(database, "keywords"))
                missing = REQUIRED - set(self._columns)
                if missing:
                    raise SourceError(
                        "path", f"has no table “{TABLE}” with the columns {' and '.join(sorted(REQUIRED))}"
                    )
                self.total_hint: int = database.execute(f"SELECT count(*) FROM {TABLE}").fetchone()[0]  # noqa: S608
        except sqlite3.Error as error:
            raise SourceError("path", f"is no SQLite file that can be read: {error}") from error

    def items(self) -> Iterator[SourceItem]:
        """Yield a record or a problem for each row; damage ends the reading with a problem."""
        try:
            with self._reader.parser, closing(self._connect()) as database:
                for row in database.execute(self._build_query()):
                    self.position += 1
                    database.set_progress_handler(_deadline(ROW_SECONDS), STEPS_BETWEEN_LOOKS)
                    yield self._read_row(row)
        except sqlite3.Error as error:
            reason = f"cannot be read: {error}; nothing from here on was read"
            yield self._reader.problem(self.position + 1, "record", reason)

    def _read_row(self, row: tuple[object, ...]) -> SourceItem:
        mapping = dict(zip(self._names(), row, strict=True))
        keywords = mapping.get("keywords")
        if isinstance(keywords, str):
            mapping["keywords"] = keywords.split(SEPARATOR)
        return self._reader.read(mapping, self.position)

    def _names(self) -> list[str]:
        return [*self._columns, "keywords"] if self._has_keywords else self._columns

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        database.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        database.set_progress_handler(_deadline(ROW_SECONDS), STEPS_BETWEEN_LOOKS)
        database.execute("PRAGMA trusted_schema = OFF")
        return database

    def _build_query(self) -> str:
        columns = ", ".join(f"f.{column}" for column in self._columns)
        if not self._has_keywords:
            return f"SELECT {columns} FROM {TABLE} f ORDER BY f.id"  # noqa: S608 (names of this module)
        words = f"group_concat(CAST(keyword AS TEXT), char({ord(SEPARATOR)}))"
        grouped = f"SELECT function_id, {words} AS words FROM keywords GROUP BY function_id"  # noqa: S608
        joined = f"{TABLE} f LEFT JOIN ({grouped}) k ON k.function_id = f.id"
        return f"SELECT {columns}, k.words FROM {joined} ORDER BY f.id"  # noqa: S608


def _find_columns(database: sqlite3.Connection, table: str) -> list[str]:
    """Return the columns of a table that are read, or none when it is no plain table: a view could run for ever."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND lower(name) = ? AND sql NOT LIKE 'CREATE VIRTUAL%'"
    found = database.execute(query, [table]).fetchone()
    if not found:
        return []
    known = {*COLUMNS, "function_id", "keyword"}
    names = [row[1].lower() for row in database.execute(f"PRAGMA table_info({table})")]
    return [name for name in names if name in known]


def _refuse_unfinished(path: Path) -> None:
    """Without its journal, a database that another program has open is read wrongly."""
    for ending in ("-wal", "-journal"):
        journal = path.with_name(path.name + ending)
        if journal.exists() and journal.stat().st_size:
            raise SourceError("path", f"has changes in {journal.name}; close the program that has it open first")


def _deadline(seconds: float) -> Callable[[], bool]:
    """Return a function that tells whether so many seconds have passed since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end
