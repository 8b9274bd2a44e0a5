import json
import os
from pathlib import Path

import pytest

from apps.functions.sources import SourceError, open_source, opening
from tests.functions.sources.support import ids, read, row, write_lines

pytestmark = pytest.mark.unit


def refusal(path, **options) -> tuple[str, str]:
    with pytest.raises(SourceError) as caught:
        open_source(path, **options)
    return caught.value.field, caught.value.reason


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.jsonl", json.dumps(row(1)), "jsonl"),
        ("a.ndjson", "", "jsonl"),
        ("a.json", json.dumps([row(1)]), "json"),
        ("a.json", json.dumps({"functions": [row(1)]}), "json"),
        ("a.json", json.dumps(row(1)) + "\n" + json.dumps(row(2)), "jsonl"),
        ("a.txt", json.dumps([row(1)]), "json"),
        ("download", json.dumps(row(1)) + "\n", "jsonl"),
        ("a.csv", "name,language\n", "csv"),
        ("a.TSV", "name\tlanguage\n", "csv"),
        ("a.py", "x = 1", "tree"),
    ],
)
def test_name_and_content_tell_the_kind(tmp_path, name, content, kind):
    (tmp_path / name).write_text(content)
    assert open_source(tmp_path / name).kind == kind


def test_the_library_is_called_after_the_source(tmp_path):
    write_lines(tmp_path / "web.jsonl", row(1), row(2, library="own"))
    assert [record.library for record in read(tmp_path / "web.jsonl")[0]] == ["web", "own"]
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.py").write_text("def f(): return 1 + 1\n")
    assert read(tmp_path / "tree")[0][0].library == "tree"
    assert read(open_source(tmp_path / "tree", library="own"))[0][0].library == "own"


def test_a_language_is_the_default_of_records(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", {"id": "1", "name": "f", "code": "x"})
    assert read(open_source(path, language="js"))[0][0].language == "javascript"


def test_a_language_is_the_only_one_of_a_tree(tmp_path):
    (tmp_path / "a.py").write_text("def f(): return 1 + 1\n")
    (tmp_path / "a.js").write_text("function f() { return 1 + 1 }\n")
    assert ids(read(open_source(tmp_path, language="JS"))[0]) == ["a.js::f"]


def test_an_unknown_language_is_refused_with_the_nearest(tmp_path):
    field, reason = refusal(tmp_path, language="pyhton")
    assert field == "language"
    assert "did you mean “python”?" in reason


def test_a_language_whose_source_is_not_read_is_refused(tmp_path):
    assert refusal(tmp_path, language="ruby")[0] == "language"
    (tmp_path / "a.py").write_text("x")
    assert refusal(tmp_path / "a.py", language="go") == ("language", "a.py is python, not go")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0", "is a binary file"),
        ("a.json", b"[\0]", "is a binary file"),
        ("a.json.gz", b"\x1f\x8b\x08", "is packed (gzip); unpack it first"),
        ("a.zip", b"PK\x03\x04", "is packed (zip)"),
        ("a.csv", "name".encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
        ("a.txt", b"hello", "is not a JSON, JSONL, CSV, TOML or SQLite file"),
        ("a.db", b"not sqlite", "is not a JSON, JSONL, CSV, TOML or SQLite file"),
    ],
)
def test_files_that_are_no_source(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    field, reason = refusal(tmp_path / name)
    assert field == "path"
    assert reason.startswith(f"{name} {words}")


def test_a_path_that_is_nothing(tmp_path):
    assert refusal(tmp_path / "gone.json") == ("path", "gone.json cannot be read: No such file or directory")
    assert refusal(Path("a\0b"))[0] == "path"


def test_a_loop_of_links(tmp_path):
    (tmp_path / "a.json").symlink_to("b.json")
    (tmp_path / "b.json").symlink_to("a.json")
    field, reason = refusal(tmp_path / "a.json")
    assert field == "path"
    assert "cannot be read: Too many" in reason


def test_a_pipe_or_device_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    assert refusal(tmp_path / "pipe.json") == ("path", "pipe.json is neither a file nor a folder")
    assert refusal(Path("/dev/zero")) == ("path", "zero is neither a file nor a folder")


def test_a_link_to_a_source_is_that_source(tmp_path):
    write_lines(tmp_path / "a.jsonl", row(1))
    (tmp_path / "link").symlink_to("a.jsonl")
    assert ids(read(tmp_path / "link")[0]) == ["f1"]


def test_a_folder_without_source_says_what_it_has(tmp_path):
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "tests").mkdir()
    field, reason = refusal(tmp_path, language="go")
    assert field == "path"
    assert reason.endswith(
        "has no source files in go (1 left out: file that is no source code in a known language; "
        "1 left out: folder of tests)"
    )


def test_programs_of_the_standard_library_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(opening.sysconfig, "get_path", lambda name: str(tmp_path))
    for name in ("json", "idlelib", "site-packages"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text("def f(): return 1 + 1\n")
    (record,), _ = read(open_source(tmp_path, library="python-stdlib"))
    assert (record.external_id, record.library) == ("json/a.py::f", "python-stdlib")
