"""Imports that come over the API or the back office: a file, or records in the body."""

import json
import shutil
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile

from apps.core.errors import InvalidInput
from apps.core.models import Job
from apps.functions.services.importing import save_upload, start_import


def write_records(records: list[dict[str, Any]]) -> UploadedFile:
    """Records as the JSONL file that one would have uploaded; a problem's line is the record's place in the list."""
    lines = (json.dumps(record, ensure_ascii=False) for record in records)
    return SimpleUploadedFile("records.jsonl", "\n".join(lines).encode("utf-8", "surrogatepass"))


def start_upload(*, upload: UploadedFile, user_id: int | None, **options: Any) -> Job:
    """Keeps the file and starts the job that imports it. A file that cannot be imported is not kept."""
    path = save_upload(upload)
    try:
        return start_import(path=path, user_id=user_id, remove_after=True, **options)
    except InvalidInput as error:
        shutil.rmtree(path.parent, ignore_errors=True)
        # Who uploads knows the file, not where we keep it.
        named = {"file" if field == "path" else field: reason for field, reason in error.errors.items()}
        raise InvalidInput(named, code=error.code) from error
