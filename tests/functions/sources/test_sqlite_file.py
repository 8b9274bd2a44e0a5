import sqlite3
from contextlib import closing

import pytest

from apps.functions.records import RecordProblem
from apps.functions.sources import SourceError, open_source, sqlite_file
from tests.functions.sources.support import ids, read

pytestmark = pytest.mark.unit

FUNCTIONS = """
    CREATE TABLE functions (id INTEGER PRIMARY KEY, name TEXT, description TEXT, code TEXT, language TEXT, action TEXT,
        data_type TEXT, order_type TEXT, usage TEXT, complexity TEXT, popularity REAL);
"""
KEYWORDS = "CREATE TABLE keywords (function_id INTEGER, keyword TEXT);"


def make(path, script: str):
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(script)
    return path


def refusal(path) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(path)
    assert caught.value.field == "path"
    return caught.value.reason


def test_both_tables_in_the_order_of_ids(tmp_path):
    script = """
        INSERT INTO functions VALUES (9, 'sort_down', 'Sorts.', NULL, 'js', 'sort', 'list', 'desc', 'u', 'O(n)', 2);
        INSERT INTO functions VALUES (7, 'sort_up', 'Sorts.', 'x', 'python', 'sort', 'list', 'asc', 'u', 'O(n)', 3);
        INSERT INTO keywords VALUES (7, 'order'), (9, 'rank'), (7, 'rank, list'), (8, 'nobody');
    """
    source = open_source(make(tmp_path / "f.db", FUNCTIONS + KEYWORDS + script))
    assert (source.kind, source.unit, source.total_hint) == ("sqlite", "rows", 2)
    (first, second), problems = read(source)
    assert problems == []
    assert (first.external_id, first.keywords, first.popularity) == ("7", ("order", "rank, list"), 3.0)
    assert (first.action, first.data_type, first.order_type, first.usage, first.complexity) == (
        *("sort", "list", "asc", "u", "O(n)"),
    )
    assert (second.external_id, second.keywords, second.language, second.code) == ("9", ("rank",), "javascript", "")
    assert source.position == 2


def test_missing_columns_and_keywords_are_tolerated(tmp_path):
    script = """
        CREATE TABLE functions (ID TEXT, Name TEXT, language TEXT, code TEXT);
        INSERT INTO functions VALUES ('a', 'f', 'go', 'x');
    """
    (record,), problems = read(make(tmp_path / "f.sqlite3", script))
    assert (record.external_id, problems) == ("a", [])


def test_bad_rows_cost_themselves(tmp_path):
    script = """
        CREATE TABLE functions (id, name, language, code);
        INSERT INTO functions VALUES (1, 'f', 'go', 'x'), (1, 'g', 'go', 'x'), (2, NULL, 'go', 'x'),
            (3, 'h', 'go', x'00ff'), (4, CAST(x'66ff' AS TEXT), 'go', 'x'), (5, 'k', 'go', 'x');
    """
    records, problems = read(make(tmp_path / "f.db", script))
    assert ids(records) == ["1", "5"]
    assert problems == [
        RecordProblem("row 2", "id", "“1” is already the id of row 1"),
        RecordProblem("row 3", "name", "is required"),
        RecordProblem("row 4", "code", "must be text, not bytes"),
        RecordProblem("row 5", "name", "contains the character U+DCFF, which cannot be kept"),
    ]


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE other (id, name)",
        "CREATE TABLE functions (id, code)",
        "CREATE TABLE other (id, name); CREATE VIEW functions AS SELECT * FROM other",
    ],
)
def test_a_database_without_functions_is_refused(tmp_path, script):
    assert refusal(make(tmp_path / "f.db", script)) == "has no table “functions” with the columns id and name"


def test_a_corrupt_file_is_refused(tmp_path):
    path = make(tmp_path / "f.db", FUNCTIONS)
    path.write_bytes(path.read_bytes()[:16] + b"\xff" * 4_000)
    assert refusal(path).startswith("is no SQLite file that can be read: ")


def test_damage_further_on_is_told_after_what_could_be_read(tmp_path):
    rows = ",".join(f"({number}, 'f{number}', 'go', '{'x' * 500}')" for number in range(500))
    script = (
        f"CREATE TABLE functions (id INTEGER PRIMARY KEY, name, language, code); INSERT INTO functions VALUES {rows}"
    )
    path = make(tmp_path / "f.db", script)
    source = open_source(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + b"\xff" * (len(content) - len(content) // 2))
    records, problems = read(source)
    assert 0 < len(records) < 500
    assert problems[-1].location == f"row {len(records) + 1}"
    assert problems[-1].reason.endswith("; nothing from here on was read")


def test_a_table_made_to_hang_is_given_up(tmp_path, monkeypatch):
    path = make(
        tmp_path / "f.db", FUNCTIONS + "INSERT INTO functions (id, name, language, code) VALUES (1, 'f', 'go', 'x')"
    )
    source = open_source(path)
    monkeypatch.setattr(sqlite_file, "ROW_SECONDS", -1.0)
    monkeypatch.setattr(sqlite_file, "STEPS_BETWEEN_LOOKS", 1)
    _, problems = read(source)
    assert problems == [RecordProblem("row 1", "record", "cannot be read: interrupted; nothing from here on was read")]


def test_a_value_over_the_limit_ends_the_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_file, "MAX_VALUE_BYTES", 1_000)
    script = """
        CREATE TABLE functions (id INTEGER PRIMARY KEY, name, language, code);
        INSERT INTO functions VALUES (1, 'f', 'go', 'x'), (2, 'g', 'go', 'x'),
            (3, 'h', 'go', printf('%.2000c', 'x'));
    """
    records, problems = read(make(tmp_path / "f.db", script))
    assert ids(records) == ["1"]
    # Python reads a row ahead, and loses the one before the mistake.
    assert problems[0].location == "row 2"
    assert problems[0].reason == "cannot be read: string or blob too big; nothing from here on was read"


def test_nothing_is_written(tmp_path):
    path = make(tmp_path / "f.db", FUNCTIONS + KEYWORDS)
    before = path.read_bytes()
    read(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["f.db"]


def test_names_with_signs_of_a_uri_are_names(tmp_path):
    script = "INSERT INTO functions (id, name, language, code) VALUES (1, 'f', 'go', 'x')"
    assert ids(read(make(tmp_path / "a?mode=rwc#%41.db", FUNCTIONS + script))[0]) == ["1"]


def test_a_database_that_is_being_written_is_refused(tmp_path):
    path = tmp_path / "f.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(FUNCTIONS)
        assert refusal(path) == "has changes in f.db-wal; close the program that has it open first"
    assert read(path) == ([], [])
