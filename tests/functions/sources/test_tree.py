import json
import os
from pathlib import Path

import pytest

from apps.functions.extraction import ExtractedFunction
from apps.functions.records import RecordProblem, record_digest
from apps.functions.sources import open_source
from apps.functions.sources.tree import SYNTAX_ERRORS, rate_function, read_regular_file
from tests.functions.sources.support import ids, read

pytestmark = pytest.mark.unit

ADD = '''import os


class Sums:
    def add(self, a, b):
        """Add two numbers."""
        return a + b
'''


def test_functions_become_records(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "sums.py").write_text(ADD)
    source = open_source(tmp_path, library="maths")
    (record,), problems = read(source)
    assert problems == []
    assert record.external_id == "pkg/sums.py::Sums.add"
    assert (record.name, record.qualified_name, record.language, record.library) == (
        "add",
        "Sums.add",
        "python",
        "maths",
    )
    assert (record.signature, record.description) == ("def add(self, a, b)", "Add two numbers.")
    assert record.code.startswith("def add(self, a, b):\n")
    assert (record.path, record.line, record.popularity) == ("pkg/sums.py", 5, 1.0)
    assert (source.kind, source.unit, source.position, source.total_hint) == ("tree", "files", 1, 1)


def test_functions_of_one_name_are_numbered(tmp_path):
    (tmp_path / "a.py").write_text("if x:\n    def f(): return 1 + 1\nelse:\n    def f(): return 2 + 2\n")
    (tmp_path / "A.java").write_text("class A { void f(int a) { go(); } void f(String a) { go(); } }")
    assert ids(read(tmp_path)[0]) == ["A.java::A.f", "A.java::A.f#2", "a.py::f", "a.py::f#2"]


def test_an_edit_above_a_function_leaves_its_id_and_digest(tmp_path):
    (tmp_path / "a.py").write_text(ADD)
    (before,), _ = read(tmp_path)
    (tmp_path / "a.py").write_text("# More.\n\n" + ADD)
    (after,), _ = read(tmp_path)
    assert (after.external_id, record_digest(after)) == (before.external_id, record_digest(before))
    assert after.line == before.line + 2


def test_a_binary_file_is_a_problem_and_the_rest_goes_in(tmp_path):
    (tmp_path / "a.py").write_bytes(b"\x7fELF\0\0\0")
    (tmp_path / "b.py").write_text(ADD)
    (tmp_path / "c.py").write_text("# coding: klingon\n")
    records, problems = read(tmp_path)
    assert len(records) == 1
    assert problems == [
        RecordProblem("a.py", "file", "is binary, not text"),
        RecordProblem("c.py", "file", "is not in the encoding it declares"),
    ]


def test_what_is_left_out_is_counted(tmp_path):
    (tmp_path / "a.py").write_text("def f(): pass\ndef g(): pass\ndef h(: return\n")
    (tmp_path / "b.js").write_text("x;" * 3_000)
    (tmp_path / "c.rb").write_text("x")
    source = open_source(tmp_path)
    assert read(source) == ([], [])
    assert source.skipped["empty body"] == 2
    assert source.skipped["file is minified: it has lines of over 5,000 characters"] == 1
    assert source.skipped["file that is no source code in a known language"] == 1
    assert source.skipped[SYNTAX_ERRORS] >= 1


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path):
    (tmp_path / "a.py").write_text(ADD)
    (tmp_path / "b.py").write_text(ADD)
    source = open_source(tmp_path)
    (tmp_path / "a.py").unlink()
    (tmp_path / "a.py").symlink_to(tmp_path / "b.py")
    records, problems = read(source)
    assert len(records) == 1
    assert [(problem.location, problem.field) for problem in problems] == [("a.py", "file")]
    assert problems[0].reason.startswith("cannot be read: ")


def test_what_became_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "a.py")
    with pytest.raises(OSError, match="is no file any more"):
        read_regular_file(tmp_path / "a.py")


def test_one_file_of_tests_is_read_when_it_is_the_source(tmp_path):
    (tmp_path / "test_a.py").write_text(ADD)
    assert ids(read(tmp_path / "test_a.py")[0]) == ["test_a.py::Sums.add"]


@pytest.mark.parametrize(("is_public", "doc", "rating"), [(True, "x", 1.0), (True, "", 0.5), (False, "x", 0.0)])
def test_public_and_documented_functions_are_rated_higher(is_public, doc, rating):
    function = ExtractedFunction("f", "f", "function", "", doc, "", "", 1, 1, is_public)
    assert rate_function(function) == rating


def test_the_standard_library_has_what_it_is_known_for():
    records, problems = read(Path(json.__file__).parent)
    assert problems == []
    assert {"decoder.py::JSONDecoder.raw_decode", "__init__.py::loads"} <= set(ids(records))
