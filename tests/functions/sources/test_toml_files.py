import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.functions.records import parse_record
from apps.functions.sources import SourceError, open_source
from apps.functions.sources.toml_files import MARKER, TomlSource
from tests.functions.sources.support import read

pytestmark = pytest.mark.unit

REVERSE = """
[[function]]
name = "reverse_string"
description = "Returns the text backwards."
keywords = ["flip", "mirror"]
code = '''
def reverse_string(text: str) -> str:
    return text[::-1]
'''
check = "assert True"
"""
TRIM = '[[function]]\nname = "trim"\ndescription = "Cuts white space off both ends."\n'


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_folder_says_what_its_functions_have_in_common(tmp_path):
    files = {MARKER: 'complexity = "O(n)"\npopularity = 2.0\n', "python/a.toml": REVERSE, "go/b.toml": TRIM}
    records, problems = read(open_source(write(tmp_path, files)))

    assert problems == []
    go, python = records
    assert (go.name, go.language, go.complexity, go.popularity) == ("trim", "go", "O(n)", 2.0)
    assert (python.external_id, python.keywords) == ("python:reverse_string", ("flip", "mirror"))
    assert python.code == "def reverse_string(text: str) -> str:\n    return text[::-1]"
    assert python.signature.startswith("def reverse_string(text: str)")


def test_what_a_file_or_a_function_says_is_nearer(tmp_path):
    files = {MARKER: "popularity = 1\n", "python/x.toml": 'language = "rust"\n' + TRIM + "popularity = 3\n"}
    ((record,), _) = read(open_source(write(tmp_path, files), library="mine"))

    assert (record.language, record.library, record.popularity) == ("rust", "mine", 3)


def test_what_the_user_names_counts_for_the_library(tmp_path):
    ((record,), _) = read(open_source(write(tmp_path, {"go/mine.toml": TRIM}) / "go" / "mine.toml", library="ours"))

    assert (record.language, record.library) == ("go", "ours")


def test_a_broken_file_costs_itself_and_a_broken_function_too(tmp_path):
    files = {
        MARKER: "",
        "python/a.toml": "[[function]\n",
        "python/b.toml": TRIM + "[[function]]\nlanguage = 'python'\n",
        "python/c.toml": "function = 3\n",
        "python/d.toml": "[[function]]\nname = 'late'\ndescription = 'Is read as well.'\n",
    }
    records, problems = read(open_source(write(tmp_path, files)))

    assert [record.name for record in records] == ["trim", "late"]
    assert [(one.location, one.field) for one in problems] == [
        ("python/a.toml", "file"),
        ("python/b.toml function 2", "name"),
        ("python/c.toml", "file"),
    ]
    assert problems[0].reason.startswith("is not TOML: ")


def test_the_same_function_twice_in_two_files(tmp_path):
    records, problems = read(open_source(write(tmp_path, {MARKER: "", "go/a.toml": TRIM, "go/b.toml": TRIM})))

    assert ([record.external_id for record in records], problems) == (["go:trim", "go:trim#2"], [])


def test_the_same_id_twice_in_two_files(tmp_path):
    named = TRIM + "id = 'trim'\n"
    records, problems = read(open_source(write(tmp_path, {MARKER: "", "go/a.toml": named, "go/b.toml": named})))

    assert len(records) == 1
    assert [(one.location, one.field) for one in problems] == [("go/b.toml function 1", "id")]


def test_bytes_that_are_no_text(tmp_path):
    write(tmp_path, {MARKER: "", "go/a.toml": TRIM})
    (tmp_path / "go" / "b.toml").write_bytes(b"name = '\xff'")
    _, (problem,) = read(open_source(tmp_path))

    assert problem.reason == "is not UTF-8 text: byte 0xFF"


def test_links_are_not_followed(tmp_path):
    secret = tmp_path / "secret.toml"
    secret.write_text(TRIM)
    folder = write(tmp_path / "catalogue", {MARKER: "", "go/a.toml": TRIM})
    (folder / "go" / "b.toml").symlink_to(secret)
    (folder / "again").symlink_to(folder)
    records, problems = read(open_source(folder))

    assert len(records) == 1
    assert problems[0].location == "go/b.toml"


def test_a_folder_with_nothing_but_the_marker(tmp_path):
    with pytest.raises(SourceError, match=r"but no other TOML file"):
        open_source(write(tmp_path, {MARKER: ""}))


def test_a_broken_marker(tmp_path):
    with pytest.raises(SourceError, match=r"catalogue.toml is not TOML"):
        open_source(write(tmp_path, {MARKER: "=", "go/a.toml": TRIM}))


def test_a_project_file_is_no_catalogue(tmp_path):
    _, (problem,) = read(open_source(write(tmp_path, {"pyproject.toml": "[project]\nname = 'x'\n"}) / "pyproject.toml"))

    assert "[[function]]" in problem.reason


@given(text=st.text())
def test_whatever_a_file_holds_is_read_or_told(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("toml") / "any.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    records, problems = read(TomlSource(path, language="python", library=None))

    assert problems or all(parse_record({"name": one.name, "language": "python", "code": "x"}) for one in records)
