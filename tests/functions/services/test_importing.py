import json
import os
import sqlite3
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.errors import InvalidInput
from apps.core.jobs import services as jobs
from apps.core.models import Job, JobState
from apps.functions.models import Function, FunctionEmbedding, FunctionState, Library, Revision
from apps.functions.services import catalogue, importing

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def record(number, **changes):
    return {
        "id": f"f{number}",
        "name": f"name_{number}",
        "language": "python",
        "description": f"Does {number}.",
    } | changes


def write(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


def run(path: Path, **options) -> Job:
    return importing.import_now(path=path, library="lib", **options)


def counts(job: Job) -> tuple[int, ...]:
    return tuple(job.result[key] for key in ("created", "changed", "unchanged", "retired", "problems"))


@pytest.fixture
def source(tmp_path):
    return write(tmp_path / "functions.jsonl", *(record(number) for number in range(5)))


def test_importing_twice_changes_nothing(source):
    assert counts(run(source)) == (5, 0, 0, 0, 0)
    marks = set(Function.objects.values_list("pk", "revision", "change_xid"))
    assert counts(run(source)) == (0, 0, 5, 0, 0)
    assert set(Function.objects.values_list("pk", "revision", "change_xid")) == marks


def test_a_changed_record_makes_a_revision_and_loses_its_vector(source, tmp_path):
    run(source)
    function = Function.objects.get(external_id="f1")
    FunctionEmbedding.objects.create(function=function, model_digest="m", content_digest="c", vector=[0.0] * 384)
    job = run(write(tmp_path / "newer.jsonl", record(0), record(1, description="Does it better.")))
    assert counts(job) == (0, 1, 1, 0, 0)
    function.refresh_from_db()
    assert (function.revision, function.description) == (2, "Does it better.")
    revision = function.revisions.first()
    assert (revision.origin, revision.job) == ("import", job)
    assert not function.embeddings.exists()


def test_a_curators_edit_outlives_an_import_of_the_same_record(source):
    run(source)
    function = Function.objects.get(external_id="f1")
    catalogue.update_function(function=function, changes={"keywords": ["kept"]}, user_id=None, origin="page")
    assert counts(run(source)) == (0, 0, 5, 0, 0)
    function.refresh_from_db()
    assert function.keywords == ["kept"]


def test_a_retired_function_stays_retired(source, tmp_path):
    run(source)
    catalogue.set_state(
        functions=Function.objects.filter(external_id="f1"), state="retired", user_id=None, origin="admin"
    )
    run(write(tmp_path / "newer.jsonl", record(1, description="New text.")))
    assert Function.objects.get(external_id="f1").state == FunctionState.RETIRED


def test_bad_records_are_reported_and_the_rest_goes_in(tmp_path):
    job = run(
        write(tmp_path / "mixed.jsonl", record(1), record(2), '{"id": "f3", ', {"id": "f4", "language": "python"})
    )
    assert counts(job) == (2, 0, 0, 0, 2)
    broken, nameless = job.result["problem_list"]
    assert broken["location"] == "line 3"
    assert (nameless["location"], nameless["field"]) == ("line 4", "name")


def test_strict_imports_nothing_when_anything_is_wrong(tmp_path):
    job = run(write(tmp_path / "mixed.jsonl", record(1), {"id": "f2"}), strict=True)
    assert job.state == JobState.FAILED
    assert "line 2" in job.error
    assert not Function.objects.exists()
    assert not Library.objects.exists()


def test_missing_functions_are_retired_when_asked(source, tmp_path):
    run(source)
    newer = write(tmp_path / "newer.jsonl", *(record(number) for number in range(3)))
    assert counts(run(newer)) == (0, 0, 3, 0, 0)
    assert counts(run(newer, retire_missing=True)) == (0, 0, 3, 2, 0)
    assert set(Function.objects.published().values_list("external_id", flat=True)) == {"f0", "f1", "f2"}


def test_nothing_is_taken_for_missing_when_a_record_could_not_be_read(source, tmp_path):
    run(source)
    job = run(write(tmp_path / "newer.jsonl", record(0), "{broken"), retire_missing=True)
    assert job.result["retired"] == 0
    assert Function.objects.published().count() == 5


def test_counts_are_exact_after_a_crash(source, monkeypatch):
    """The first attempt dies after one batch; the second finds its rows and still reports the whole."""
    monkeypatch.setattr(importing, "BATCH", 2)
    job = Job.objects.create(
        kind=importing.KIND, params=importing.build_params(path=source, library="lib", follow_up=False)
    )
    batches = []
    original = importing._import_batch

    def die_on_second(*args):
        if batches:
            raise KeyboardInterrupt
        batches.append(1)
        original(*args)

    monkeypatch.setattr(importing, "_import_batch", die_on_second)
    jobs.run_job(job.pk)
    assert Function.objects.count() == 2
    monkeypatch.setattr(importing, "_import_batch", original)
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)
    done = jobs.run_job(job.pk)
    assert done is not None
    assert counts(done) == (5, 0, 0, 0, 0)
    assert Revision.objects.count() == 5


def test_a_source_tree(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "text.py").write_text('def shout(text):\n    """Upper-case it."""\n    return text.upper()\n')
    (tmp_path / "pkg" / "area.go").write_text(
        "package p\n\n// Area of a square.\nfunc Area(a int) int { return a * a }\n"
    )
    job = run(tmp_path / "pkg")
    assert job.result["by_language"] == {"python": 1, "go": 1}
    shout = Function.objects.get(name="shout")
    assert (shout.description, shout.line, shout.signature) == ("Upper-case it.", 1, "def shout(text)")
    assert shout.path.endswith("text.py")


def test_sqlite(tmp_path):
    path = tmp_path / "functions.db"
    with sqlite3.connect(path) as database:
        database.executescript(
            """
            CREATE TABLE functions (id INTEGER PRIMARY KEY, name TEXT, description TEXT, code TEXT, language TEXT,
                action TEXT, data_type TEXT, order_type TEXT, usage TEXT, complexity TEXT, popularity REAL);
            CREATE TABLE keywords (function_id INTEGER, keyword TEXT);
            INSERT INTO functions VALUES (7, 'sort_up', 'Sort.', 'x', 'python', 'sort', 'list', 'asc', 'u', 'O(n)', 3);
            INSERT INTO keywords VALUES (7, 'order'), (7, 'rank');
            """
        )
    assert counts(run(path)) == (1, 0, 0, 0, 0)
    function = Function.objects.get()
    assert (function.external_id, function.keywords, function.action) == ("7", ["order", "rank"], "sort")


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [("missing.jsonl", None, "path"), ("picture.png", b"\x89PNG\r\n\x1a\n\0\0", "path")],
)
def test_a_source_that_cannot_be_one_is_refused(tmp_path, name, body, field):
    path = tmp_path / name
    if body:
        path.write_bytes(body)
    with pytest.raises(InvalidInput) as caught:
        run(path)
    assert list(caught.value.errors) == [field]
    assert not Job.objects.exists()


@pytest.mark.parametrize("library", ["", "  ", "x" * 201, "a\x00b"])
def test_a_bad_library_name_is_refused(source, library):
    with pytest.raises(InvalidInput, match="library"):
        importing.import_now(path=source, library=library)


def test_an_upload_is_kept_for_the_job_and_removed_after_it(settings, tmp_path, source):
    settings.UPLOADS_DIR = tmp_path / "uploads"
    path = importing.save_upload(SimpleUploadedFile("../../etc/pass wd.jsonl", source.read_bytes()))
    assert path.name == "pass_wd.jsonl"
    assert path.is_relative_to(settings.UPLOADS_DIR)
    assert counts(run(path, remove_after=True)) == (5, 0, 0, 0, 0)
    assert not path.parent.exists()


def test_only_uploads_are_ever_removed(source):
    run(source, remove_after=True)
    assert source.exists()


def test_an_upload_that_is_too_large_is_refused(settings):
    settings.IMPORT_MAX_UPLOAD_BYTES = 10
    with pytest.raises(InvalidInput) as caught:
        importing.save_upload(SimpleUploadedFile("a.jsonl", b"x" * 11))
    assert caught.value.code == "too_large"


def test_uploads_that_no_import_will_read_are_pruned(settings, tmp_path, source):
    settings.UPLOADS_DIR = tmp_path / "uploads"
    old, young, needed = (importing.save_upload(SimpleUploadedFile("a.jsonl", source.read_bytes())) for _ in range(3))
    for path in (old, needed):
        os.utime(path.parent, (1, 1))
    Job.objects.create(kind=importing.KIND, params=importing.build_params(path=needed, library="lib"))
    assert importing.prune_uploads() == 1
    assert [path.exists() for path in (old, young, needed)] == [False, True, True]
