"""What every source of function records has in common."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from apps.functions.records import FunctionRecord, RecordError, RecordProblem, derive_external_id, parse_record
from apps.functions.sources.parsing import ParserProcess

SourceItem = FunctionRecord | RecordProblem

MAX_RECORD_BYTES = 10_000_000


class SourceError(ValueError):
    """A source that cannot be read at all: `field` is "path" or "language", `reason` says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Source(Protocol):
    """A file or folder of functions, read once from start to end.

    `position` goes from 0 to `total_hint`, in `unit`s ("bytes", "rows" or "files"), while `items` is read. `skipped`
    counts by reason what was left out on purpose; what could not be read is among the items.
    """

    kind: str
    unit: str
    total_hint: int
    position: int
    skipped: Counter[str]

    def items(self) -> Iterator[SourceItem]:
        """Yield records and problems in the order of the source."""
        ...


class RecordReader:
    """Turns the mappings of one source into records with ids of their own; `place` is what numbers them: "line".

    `parser` reads their code; it is to be closed when the source has ended.
    """

    def __init__(self, *, place: str, language: str | None, library: str | None) -> None:
        self.place = place
        self.parser = ParserProcess()
        self.defaults = {"language": language or "", "library": library or ""}
        self._places: dict[int, int] = {}
        self._ordinals: dict[int, int] = {}

    def read(self, mapping: object, number: int) -> SourceItem:
        """Return the record in a mapping, or what is wrong with it."""
        try:
            record = parse_record(mapping, defaults=self.defaults)
            assert isinstance(mapping, Mapping)
            if mapping.get("id") in (None, ""):
                record = self._number(record)
            self._claim(record.external_id, number)
        except RecordError as error:
            return self.problem(number, error.field, error.reason)
        return self.parser.enrich(record)

    def problem(self, number: int, field: str, reason: str) -> RecordProblem:
        """Return a problem at a numbered place."""
        return RecordProblem(f"{self.place} {number}", field, reason)

    def _number(self, record: FunctionRecord) -> FunctionRecord:
        """Records without an id that share their name are told apart by their order."""
        key = hash(record.external_id)
        ordinal = self._ordinals.get(key, 0) + 1
        external_id = derive_external_id(record, ordinal=ordinal)
        while hash(external_id) in self._places:
            ordinal += 1
            external_id = derive_external_id(record, ordinal=ordinal)
        self._ordinals[key] = ordinal
        return replace(record, external_id=external_id)

    def _claim(self, external_id: str, number: int) -> None:
        # Hashes, for a source may have millions of ids: two of a million share one with odds of one in 37 million.
        first = self._places.setdefault(hash(external_id), number)
        if first != number:
            raise RecordError("id", f"“{external_id}” is already the id of {self.place} {first}")


class FileSource:
    """What the sources of one file share that is read from its first byte to its last.

    `place` is what numbers the records, `limit` how many bytes one may have.
    """

    unit = "bytes"
    place = "line"

    def __init__(self, path: Path, *, language: str | None, library: str | None, limit: int = MAX_RECORD_BYTES) -> None:
        self.path = path
        self.total_hint = path.stat().st_size
        self.position = 0
        self.skipped: Counter[str] = Counter()
        self._limit = limit
        self._reader = RecordReader(place=self.place, language=language, library=library)
