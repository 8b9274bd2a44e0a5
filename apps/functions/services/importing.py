"""Imports: a source's records go in batch by batch, as a job; running one again changes nothing."""

import shutil
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.text import get_valid_filename

from apps.core.errors import InvalidInput
from apps.core.jobs.context import JobCancelled, JobContext, Listener
from apps.core.jobs.services import enqueue_job, run_inline
from apps.core.live import announce
from apps.core.models import Job
from apps.functions.models import Function, FunctionEmbedding, FunctionState, Library, Origin, Revision
from apps.functions.records import FunctionRecord, RecordProblem, record_digest
from apps.functions.services.catalogue import Author, record_revisions
from apps.functions.services.embedding import start_embedding
from apps.functions.services.indexing import start_rebuild
from apps.functions.sources import Source, SourceError, open_source

KIND = "functions.import"
BATCH = 400
PROBLEMS_KEPT = 500
SHOWN_IN_STRICT = 20
UPLOAD_SECONDS = 86_400


@dataclass(slots=True)
class Tally:
    """What an import came to so far."""

    seen: set[int] = field(default_factory=set)
    valid: int = 0
    problems: int = 0
    problem_list: list[dict[str, str]] = field(default_factory=list)
    by_language: Counter[str] = field(default_factory=Counter)

    def add_problem(self, problem: RecordProblem) -> None:
        self.problems += 1
        if len(self.problem_list) < PROBLEMS_KEPT:
            row = {"location": problem.location, "field": problem.field, "reason": problem.reason}
            self.problem_list.append(row)


def build_params(
    *,
    path: Path,
    library: str,
    language: str | None = None,
    strict: bool = False,
    retire_missing: bool = False,
    include_tests: bool = False,
    remove_after: bool = False,
    follow_up: bool = True,
) -> dict[str, Any]:
    """The parameters of an import job. Raises InvalidInput for a source that cannot be opened or a bad library name."""
    library = library.strip()
    if not library or len(library) > 200 or not library.isprintable():
        raise InvalidInput({"library": "must be a name of 1 to 200 printable characters"})
    params = {
        "path": str(path.resolve()),
        "library": library,
        "language": language or "",
        "strict": strict,
        "retire_missing": retire_missing,
        "include_tests": include_tests,
        "remove_after": remove_after,
        "follow_up": follow_up,
    }
    _open(params)
    return params


def start_import(*, user_id: int | None = None, **options: Any) -> Job:
    """An import in the background; `options` are those of `build_params`."""
    return enqueue_job(kind=KIND, params=build_params(**options), user_id=user_id)


def import_now(*, user_id: int | None = None, listener: Listener | None = None, **options: Any) -> Job:
    """An import in this process, with a job's row like any other; what follows is the caller's."""
    return run_inline(kind=KIND, params=build_params(**options, follow_up=False), user_id=user_id, listener=listener)


def save_upload(upload: UploadedFile) -> Path:
    """Keeps an uploaded file where a worker finds it, under its own name, which tells its format."""
    if upload.size and upload.size > settings.IMPORT_MAX_UPLOAD_BYTES:
        limit = settings.IMPORT_MAX_UPLOAD_BYTES // 1024**2
        raise InvalidInput({"file": f"is larger than {limit} MB"}, code="too_large")
    folder = settings.UPLOADS_DIR / uuid.uuid4().hex
    folder.mkdir(parents=True)
    path: Path = folder / (get_valid_filename(Path(upload.name or "upload").name)[:150] or "upload")
    with path.open("wb") as file:
        shutil.copyfileobj(upload, file)
    return path


def run_import(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """The job's handler. An upload is kept only while another attempt may need it."""
    try:
        result = _import_source(context, params)
    except (InvalidInput, JobCancelled):
        _discard_upload(params)
        raise
    _discard_upload(params)
    if params["follow_up"]:
        follow_up(user_id=context.job.created_by_id)
    return result


def follow_up(*, user_id: int | None = None) -> None:
    """Makes what came in searchable: by its words at once, by its meaning when it is embedded."""
    start_rebuild(user_id=user_id)
    start_embedding(user_id=user_id)


def _import_source(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    source = _open(params)
    tally = Tally()
    with transaction.atomic() if params["strict"] else nullcontext():
        library, _ = Library.objects.get_or_create(name=params["library"])
        for batch in _batches(source.items(), BATCH):
            _import_batch(library, batch, tally, context.job)
            context.report(source.position, source.total_hint, f"{tally.valid:,} functions read")
        if params["strict"] and tally.problems:
            raise InvalidInput(_strict_errors(tally), code="strict")
        # A record that could not be read is not missing: with problems, nothing is taken for gone.
        whole = params["retire_missing"] and not tally.problems
        retired = _retire_missing(library, tally.seen, context.job) if whole else 0
    return _summarise(source, tally, context.job, library=library, retired=retired, seconds=time.monotonic() - started)


def _open(params: dict[str, Any]) -> Source:
    try:
        return open_source(
            Path(params["path"]),
            language=params["language"] or None,
            library=params["library"],
            include_tests=params["include_tests"],
        )
    except SourceError as error:
        raise InvalidInput({error.field: error.reason}) from error


def _import_batch(library: Library, items: Sequence[FunctionRecord | RecordProblem], tally: Tally, job: Job) -> None:
    records: dict[str, FunctionRecord] = {}
    for item in items:
        if isinstance(item, RecordProblem):
            tally.add_problem(item)
        else:
            records[item.external_id] = item
            tally.by_language[item.language] += 1
    tally.valid += len(records)
    with transaction.atomic():
        # One import a library at a time: two would both find a function missing.
        Library.objects.select_for_update().get(pk=library.pk)
        known = {row.external_id: row for row in library.functions.filter(external_id__in=records)}
        _update_changed(known, records, job)
        new = [_new_function(library, record) for key, record in records.items() if key not in known]
        Function.objects.bulk_create(new)
        record_revisions(new, _author(job))
        announce("function")
    tally.seen.update(function.pk for function in (*known.values(), *new))


def _update_changed(known: dict[str, Function], records: dict[str, FunctionRecord], job: Job) -> None:
    """A record equal to the one imported last changes nothing, whatever a curator made of the function since."""
    changed = []
    for key, function in known.items():
        digest = record_digest(records[key])
        if digest != function.source_digest:
            function.apply_record(records[key])
            function.source_digest = digest
            function.revision += 1
            changed.append(function)
    FunctionEmbedding.objects.filter(function__in=changed).delete()
    for function in changed:
        function.save()
    record_revisions(changed, _author(job))


def _new_function(library: Library, record: FunctionRecord) -> Function:
    function = Function(library=library, external_id=record.external_id, source_digest=record_digest(record))
    function.apply_record(record)
    return function


def _author(job: Job) -> Author:
    return Author(Origin.IMPORT, job.created_by_id, job=job)


def _retire_missing(library: Library, seen: set[int], job: Job) -> int:
    """Retires what the library has and the source has no more."""
    retired = 0
    missing = library.functions.exclude(state=FunctionState.RETIRED).exclude(pk__in=seen).iterator(chunk_size=BATCH)
    for batch in _batches(missing, BATCH):
        with transaction.atomic():
            for function in batch:
                function.state = FunctionState.RETIRED
                function.revision += 1
                function.save()
            record_revisions(batch, Author(Origin.IMPORT, job.created_by_id, "not in the source any more", job))
        retired += len(batch)
    return retired


def _summarise(
    source: Source, tally: Tally, job: Job, *, library: Library, retired: int, seconds: float
) -> dict[str, Any]:
    made = Revision.objects.made_by(job)
    created = made.filter(number=1).count()
    changed = made.filter(number__gt=1).count() - retired
    return {
        "library": library.name,
        "created": created,
        "changed": changed,
        "unchanged": tally.valid - created - changed,
        "retired": retired,
        "problems": tally.problems,
        "problem_list": tally.problem_list,
        "skipped": dict(sorted(source.skipped.items())),
        "by_language": dict(tally.by_language.most_common()),
        "seconds": round(seconds, 2),
        "per_second": round(tally.valid / seconds, 1) if seconds else 0.0,
    }


def _strict_errors(tally: Tally) -> dict[str, str]:
    shown = tally.problem_list[:SHOWN_IN_STRICT]
    errors = {row["location"]: f"{row['field']} {row['reason']}".strip() for row in shown}
    if tally.problems > len(shown):
        errors["…"] = f"and {tally.problems - len(shown)} more"
    return errors


def _discard_upload(params: dict[str, Any]) -> None:
    """Only ever a folder that `save_upload` made."""
    path = Path(params["path"])
    if params["remove_after"] and path.parent.parent == settings.UPLOADS_DIR.resolve():
        shutil.rmtree(path.parent, ignore_errors=True)


def prune_uploads() -> int:
    """Removes uploads of a day ago and more that no open import needs: those of imports cancelled before they began."""
    needed = {
        Path(params["path"]).parent for params in Job.objects.open().filter(kind=KIND).values_list("params", flat=True)
    }
    before = time.time() - UPLOAD_SECONDS
    stale = [
        folder
        for folder in settings.UPLOADS_DIR.glob("*")
        if folder.stat().st_mtime < before and folder.resolve() not in needed
    ]
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)
    return len(stale)


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
