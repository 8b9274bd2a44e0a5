"""Short forms for tests of sources."""

import json
from pathlib import Path
from typing import Any

from apps.functions.records import FunctionRecord, RecordProblem
from apps.functions.sources import Source, open_source


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A record's mapping."""
    return {"id": f"f{number}", "name": f"name_{number}", "language": "python", "description": "Does."} | changes


def write_lines(path: Path, *lines: object) -> Path:
    """A file with a line each, texts as they are and other things as JSON."""
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


def read(source: Source | Path) -> tuple[list[FunctionRecord], list[RecordProblem]]:
    """The records and the problems of a source."""
    items = list((open_source(source) if isinstance(source, Path) else source).items())
    records = [item for item in items if isinstance(item, FunctionRecord)]
    return records, [item for item in items if isinstance(item, RecordProblem)]


def ids(records: list[FunctionRecord]) -> list[str]:
    """Their ids."""
    return [record.external_id for record in records]
