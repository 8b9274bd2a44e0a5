"""Curated catalogues: TOML files of `[[function]]` tables, in which code stands as it is written."""

import os
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from apps.functions.languages import find_language
from apps.functions.records import RecordProblem
from apps.functions.sources.base import MAX_RECORD_BYTES, RecordReader, SourceError, SourceItem
from apps.functions.sources.folders import explain_os_error
from apps.functions.sources.tree import read_regular_file

MARKER = "catalogue.toml"
"""In a folder, it says that the TOML files below are a catalogue, and what all of its functions have in common."""

TABLE = "function"
MAX_FILES = 10_000


class TomlSource:
    """The functions of one TOML file, or of all below a folder that has a MARKER.

    What a file says above its functions goes for all of them. A language that nothing says is that of the folder.
    """

    kind = "toml"
    unit = "files"

    def __init__(self, path: Path, *, language: str | None, library: str | None) -> None:
        self.position = 0
        self.skipped: Counter[str] = Counter()
        self._count = 0
        self._root = path if path.is_dir() else path.parent
        self._files = list_toml_files(path) if path.is_dir() else [path]
        self._shared = _read_shared(path / MARKER) if path.is_dir() else {}
        self.total_hint = len(self._files)
        self._reader = RecordReader(place="function", language=language, library=library or path.stem)

    def items(self) -> Iterator[SourceItem]:
        """Yield a record or a problem for each function, and a problem for each file that cannot be read."""
        with self._reader.parser:
            for path in self._files:
                yield from self._read_file(path, path.relative_to(self._root).as_posix())
                self.position += 1

    def _read_file(self, path: Path, place: str) -> Iterator[SourceItem]:
        try:
            functions = self._list_functions(path)
        except SourceError as error:
            yield RecordProblem(place, "file", error.reason)
            return
        for number, function in enumerate(functions, start=1):
            self._count += 1
            item = self._reader.read(function, self._count)
            yield replace(item, location=f"{place} function {number}") if isinstance(item, RecordProblem) else item

    def _list_functions(self, path: Path) -> list[Any]:
        content = read_toml(path)
        functions = content.pop(TABLE, None)
        if not isinstance(functions, list):
            raise SourceError("path", f"has no [[{TABLE}]] tables")
        shared = {"language": find_language(path.parent.name), **self._shared, **content}
        return [{**shared, **one} if isinstance(one, Mapping) else one for one in functions]


def list_toml_files(folder: Path) -> list[Path]:
    """The TOML files below a folder but for its MARKER, in the order of their paths. Raises SourceError."""
    found: list[Path] = []
    for root, folders, names in os.walk(folder):  # which does not follow links
        folders.sort()
        found += [Path(root, name) for name in sorted(names) if name.endswith(".toml")]
        if len(found) > MAX_FILES:
            raise SourceError("path", f"{folder.name} has more than {MAX_FILES:,} TOML files")
    files = [path for path in found if path != folder / MARKER]
    if not files:
        raise SourceError("path", f"{folder.name} has a {MARKER}, but no other TOML file")
    return files


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a file. Raises SourceError with what is wrong with it."""
    try:
        content = read_regular_file(path, MAX_RECORD_BYTES + 1)
        if len(content) > MAX_RECORD_BYTES:
            raise SourceError("path", f"has more than {MAX_RECORD_BYTES:,} bytes")
        return tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise SourceError("path", explain_os_error(error)) from error
    except UnicodeDecodeError as error:
        raise SourceError("path", f"is not UTF-8 text: byte 0x{error.object[error.start]:02X}") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SourceError("path", f"is not TOML: {error}") from error


def _read_shared(marker: Path) -> dict[str, Any]:
    try:
        return read_toml(marker)
    except SourceError as error:
        raise SourceError("path", f"{MARKER} {error.reason}") from error
