"""A source tree, or one file of source code: its functions become records."""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from apps.functions.extraction import UNREADABLE, ExtractedFunction, Extraction
from apps.functions.records import RecordError, RecordProblem, derive_external_id, parse_record
from apps.functions.sources.base import SourceItem
from apps.functions.sources.folders import Listing, Selection, explain_os_error
from apps.functions.sources.parsing import ParserProcess, SourceCode

# A little more than extraction takes, so that it is extraction that says what is too large.
READ_BYTES = 2_100_000
SYNTAX_ERRORS = "part of a file that could not be parsed"


class TreeSource:
    """The files of a listing, one after the other."""

    kind = "tree"
    unit = "files"

    def __init__(self, listing: Listing, selection: Selection, *, library: str | None) -> None:
        self.total_hint = len(listing.files)
        self.position = 0
        self.skipped: Counter[str] = Counter(listing.skipped)
        self._listing = listing
        self._selection = selection
        self._library = library or ""

    def items(self) -> Iterator[SourceItem]:
        """Yield a record for each function, a problem for each file that cannot be read."""
        yield from self._listing.problems
        unread: list[RecordProblem] = []
        with ParserProcess() as parser:
            files = self._read_files(unread)
            for file, extraction in parser.extract_each(files, include_tests=self._selection.include_tests):
                yield from self._make_items(file, extraction)
                self.position += 1
        self.position += len(unread)
        yield from unread

    def _read_files(self, unread: list[RecordProblem]) -> Iterator[SourceCode]:
        for file in self._listing.files:
            try:
                yield SourceCode(read_regular_file(file.location), file.language, file.path)
            except OSError as error:
                unread.append(RecordProblem(file.path, "file", explain_os_error(error)))

    def _make_items(self, file: SourceCode, extraction: Extraction) -> Iterator[SourceItem]:
        if extraction.errors:
            self.skipped[SYNTAX_ERRORS] += extraction.errors
        for left_out in extraction.skipped:
            if left_out.reason in UNREADABLE:
                yield RecordProblem(file.path, "file", left_out.reason.value.removeprefix("file "))
            else:
                self.skipped[left_out.reason.value] += 1
        ordinals: Counter[str] = Counter()
        for function in extraction.functions:
            ordinals[function.qualified_name] += 1
            yield self._make_item(function, file, ordinals[function.qualified_name])

    def _make_item(self, function: ExtractedFunction, file: SourceCode, ordinal: int) -> SourceItem:
        mapping = {
            "name": function.name,
            "qualified_name": function.qualified_name,
            "language": file.language,
            "library": self._library,
            "description": function.doc,
            "signature": function.signature,
            "code": function.code,
            "path": file.path,
            "line": function.line,
            "popularity": rate_function(function),
        }
        try:
            record = parse_record(mapping)
        except RecordError as error:
            return RecordProblem(f"{file.path}:{function.line}", error.field, error.reason)
        return record if ordinal == 1 else replace(record, external_id=derive_external_id(record, ordinal=ordinal))


def rate_function(function: ExtractedFunction) -> float:
    """Return a popularity where nothing else tells it: 1 for public and documented, 0 for private, else 0.5."""
    if not function.is_public:
        return 0.0
    return 1.0 if function.doc else 0.5


def read_regular_file(path: Path, limit: int = READ_BYTES) -> bytes:
    """Return the first `limit` bytes of a file. Raises OSError, also for what became a link or a pipe meanwhile."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("is no file any more")
        return file.read(limit)
