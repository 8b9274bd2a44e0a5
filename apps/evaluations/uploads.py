"""Cases that come over the API: a file, or records in the body."""

import json
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from apps.evaluations.models import Suite
from apps.evaluations.services.importing import find_form, import_cases


def import_upload(*, suite: Suite, upload: UploadedFile, user_id: int | None) -> dict[str, Any]:
    """The cases of a file whose name tells its form. Raises InvalidInput as `import_cases` does."""
    form = find_form(upload.name or "")
    return import_cases(suite_name=suite.name, stream=upload, form=form, user_id=user_id)  # type: ignore[arg-type]


def import_records(*, suite: Suite, records: list[dict[str, Any]], user_id: int | None) -> dict[str, Any]:
    """The same with records; a problem's line is the record's place in the list, from 1."""
    stream = BytesIO("\n".join(json.dumps(record) for record in records).encode())
    return import_cases(suite_name=suite.name, stream=stream, form="jsonl", user_id=user_id)
