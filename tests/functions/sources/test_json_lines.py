import json
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.functions.records import RecordProblem
from apps.functions.sources.json_lines import JsonLinesSource
from tests.functions.sources.support import ids, read, row, write_lines

pytestmark = pytest.mark.unit


def test_a_record_a_line(tmp_path):
    records, problems = read(write_lines(tmp_path / "a.jsonl", row(1), "", "  ", row(2), ""))
    assert (ids(records), problems) == (["f1", "f2"], [])


def test_a_byte_order_mark_and_windows_line_ends(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(json.dumps(row(number)).encode() for number in (1, 2)))
    assert ids(read(path)[0]) == ["f1", "f2"]


def test_broken_json_on_line_3_costs_that_line(tmp_path):
    records, problems = read(write_lines(tmp_path / "a.jsonl", row(1), row(2), '{"id": "f3", ', row(4)))
    assert ids(records) == ["f1", "f2", "f4"]
    (problem,) = problems
    assert (problem.location, problem.field) == ("line 3", "record")
    assert problem.reason.startswith("is not JSON: Expecting property name")


def test_a_line_of_50_mb_costs_that_line_and_no_memory(tmp_path):
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(json.dumps(row(1)).encode() + b"\n")
        file.seek(50_000_000, 1)  # a hole: it takes no room on the disk
        file.write(b"\n" + json.dumps(row(3)).encode())
    tracemalloc.start()
    records, problems = read(JsonLinesSource(path, language=None, library=None))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ids(records) == ["f1", "f3"]
    assert problems == [RecordProblem("line 2", "record", "has 50.0 MB; the limit is 10 MB")]
    assert peak < 30_000_000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[" * 100_000, "is nested too deeply"),
        ('{"popularity": ' + "9" * 5_000 + "}", "is not JSON that can be read: Exceeds the limit"),
        ('{"name": "a\tb"}', "is not JSON: Invalid control character"),
        ("[1]", "must be an object, not a list"),
        ("null", "must be an object, not null"),
    ],
    ids=["deep", "huge number", "control character", "list", "null"],
)
def test_other_lines_that_are_no_record(tmp_path, line, reason):
    records, problems = read(write_lines(tmp_path / "a.jsonl", line, row(2)))
    assert ids(records) == ["f2"]
    assert problems[0].reason.startswith(reason)


def test_a_line_that_is_not_utf_8(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"name": "caf\xe9"}\n' + json.dumps(row(2)).encode())
    records, problems = read(path)
    assert ids(records) == ["f2"]
    assert problems[0].reason == "is not UTF-8 text: byte 0xE9 at position 13"


def test_control_characters_in_a_name(tmp_path):
    _, problems = read(write_lines(tmp_path / "a.jsonl", row(1, name="a\0b")))
    assert problems == [RecordProblem("line 1", "name", "contains the character U+0000, which cannot be kept")]


def test_progress_goes_from_nothing_to_the_end(tmp_path):
    source = JsonLinesSource(write_lines(tmp_path / "a.jsonl", row(1), row(2)), language=None, library=None)
    positions = [source.position] + [source.position for _ in source.items()]
    assert positions == sorted(set(positions))
    assert (positions[0], positions[-1]) == (0, source.total_hint)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda text: text.strip() == text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(texts, texts), max_size=5, unique_by=lambda pair: pair[0]))
def test_what_is_written_is_read(tmp_path, pairs):
    rows = [
        row(name, id=name[:50] + str(number), name="f", description=text) for number, (name, text) in enumerate(pairs)
    ]
    records, problems = read(write_lines(tmp_path / "a.jsonl", *rows))
    assert problems == []
    assert [record.description for record in records] == [text for _, text in pairs]
