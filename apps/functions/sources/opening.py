"""From a path to the source that reads it."""

import json
import sysconfig
from pathlib import Path

from apps.functions.languages import LANGUAGES, explain_unknown_language, find_language, language_of_path
from apps.functions.sources.base import MAX_RECORD_BYTES, Source, SourceError
from apps.functions.sources.csv_file import CsvSource
from apps.functions.sources.folders import Listing, Selection, TreeFile, explain_os_error, list_files
from apps.functions.sources.json_file import LIST_NAME, JsonSource
from apps.functions.sources.json_lines import JsonLinesSource
from apps.functions.sources.sqlite_file import SqliteSource
from apps.functions.sources.toml_files import MARKER, TomlSource
from apps.functions.sources.tree import TreeSource

SQLITE_MAGIC = b"SQLite format 3\0"
SNIFFED_BYTES = 8_192
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
ACCEPTED = "a JSON, JSONL, CSV, TOML or SQLite file, a file of source code, or a folder of them"

# Programs and their data, not what anybody imports.
STDLIB_LEFT_OUT = frozenset({"idlelib", "lib2to3", "ensurepip", "turtledemo", "pydoc_data", "msilib", "__phello__"})


def open_source(
    path: Path, *, language: str | None = None, library: str | None = None, include_tests: bool = False
) -> Source:
    """Return the source in a file or folder; what it is, its name and its content tell.

    `language` is the only one read of a source tree, and that of records which say none; `library` is that of records
    which say none. Raises SourceError for what cannot be read as any source.
    """
    known = _check_language(language)
    location = _locate(path)
    if location.is_dir() and (location / MARKER).is_file():
        return TomlSource(location, language=known, library=library)
    if location.is_dir():
        return open_tree(location, language=known, library=library, include_tests=include_tests)
    if not location.is_file():
        raise SourceError("path", f"{path.name} is neither a file nor a folder")
    try:
        with location.open("rb") as file:
            start = file.read(SNIFFED_BYTES)
    except OSError as error:
        raise SourceError("path", f"{path.name} {explain_os_error(error)}") from error
    return _open_file(location, start, language=known, library=library)


def open_tree(location: Path, *, language: str | None, library: str | None, include_tests: bool = False) -> TreeSource:
    """Return the source of a folder. Raises SourceError when it has no file to read."""
    _check_source_language(language)
    is_stdlib = location == Path(sysconfig.get_path("stdlib")).resolve()
    selection = Selection(language, include_tests, STDLIB_LEFT_OUT if is_stdlib else frozenset())
    listing = list_files(location, selection)
    if not listing.files and not listing.problems:
        left_out = "; ".join(f"{times:,} left out: {reason}" for reason, times in sorted(listing.skipped.items()))
        wanted = language or ", ".join(LANGUAGES)
        raise SourceError(
            "path", f"{location.name} has no source files in {wanted}" + (f" ({left_out})" * bool(left_out))
        )
    return TreeSource(listing, selection, library=library or location.name)


def _locate(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except OSError as error:
        raise SourceError("path", f"{path.name} {explain_os_error(error)}") from error
    except RuntimeError as error:
        # How a loop of links is told before Python 3.13.
        raise SourceError("path", f"{path.name} cannot be read: Too many levels of symbolic links") from error
    except ValueError as error:
        raise SourceError("path", f"is no path: {error}") from error


def _check_language(language: str | None) -> str | None:
    if language is None:
        return None
    known = find_language(language)
    if known is None:
        raise SourceError("language", explain_unknown_language(language))
    return known


def _check_source_language(language: str | None) -> None:
    if language not in (None, *LANGUAGES):
        raise SourceError("language", f"source code is read in {', '.join(LANGUAGES)}, not in {language}")


def _open_file(location: Path, start: bytes, *, language: str | None, library: str | None) -> Source:
    library = library or location.stem
    if start.startswith(SQLITE_MAGIC):
        return SqliteSource(location, language=language, library=library)
    own = language_of_path(location.name)
    if own is not None:
        if language not in (None, own):
            raise SourceError("language", f"{location.name} is {own}, not {language}")
        listing = Listing(files=[TreeFile(location, location.name, own)])
        return TreeSource(listing, Selection(own, include_tests=True), library=library)
    _refuse_binary(location, start)
    ending = location.suffix.lower()
    if ending in (".csv", ".tsv"):
        return CsvSource(location, language=language, library=library)
    if ending in (".jsonl", ".ndjson"):
        return JsonLinesSource(location, language=language, library=library)
    if ending == ".toml":
        return TomlSource(location, language=language, library=library)
    opening = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if opening in (b"[", b"{") or ending == ".json":
        kind = JsonLinesSource if opening == b"{" and _starts_with_record(location) else JsonSource
        return kind(location, language=language, library=library)
    raise SourceError("path", f"{location.name} is not {ACCEPTED}")


def _refuse_binary(location: Path, start: bytes) -> None:
    packed = next((name for magic, name in PACKED.items() if start.startswith(magic)), None)
    if packed:
        raise SourceError("path", f"{location.name} is packed ({packed}); unpack it first")
    if start.startswith(UTF16_MARKS):
        raise SourceError("path", f"{location.name} is UTF-16 text; save it as UTF-8")
    if b"\0" in start:
        raise SourceError("path", f"{location.name} is a binary file, not {ACCEPTED}")


def _starts_with_record(location: Path) -> bool:
    """Tell a file of one record a line, whatever it is called, from a JSON document."""
    with location.open("rb") as file:
        line = file.readline(MAX_RECORD_BYTES + 1)
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and LIST_NAME not in first
