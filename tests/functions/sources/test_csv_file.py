import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.functions.records import RecordProblem
from apps.functions.sources import SourceError, csv_file
from apps.functions.sources.csv_file import CsvSource
from tests.functions.sources.support import ids, read

pytestmark = pytest.mark.unit

HEADER = "id,name,language,description,keywords"


def write(path, *lines: str, encoding: str = "utf-8"):
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def source_of(path, **options) -> CsvSource:
    return CsvSource(path, language=None, library=None, **options)


def test_a_record_a_row(tmp_path):
    path = write(tmp_path / "a.csv", HEADER, 'f1,one,python,"Does, so ""it""\nsays.",a;b', "", "f2,two,js,Does.,a|b")
    records, problems = read(source_of(path))
    assert (ids(records), problems) == (["f1", "f2"], [])
    assert records[0].description == 'Does, so "it"\nsays.'
    assert [record.keywords for record in records] == [("a", "b"), ("a", "b")]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_separators_and_a_byte_order_mark(tmp_path, separator, encoding):
    lines = [line.replace(",", separator) for line in ("ID,Name,Language, Data-Type ,description", "1,é,go,list,Does.")]
    (record,), problems = read(source_of(write(tmp_path / "a.csv", *lines, encoding=encoding)))
    assert problems == []
    assert (record.external_id, record.name, record.data_type) == ("1", "é", "list")


def test_windows_line_ends(tmp_path):
    path = write(tmp_path / "a.csv", HEADER + "\r", "f1,one,go,Does.,\r", "f2,two,go,Does.,\r", "")
    assert ids(read(source_of(path))[0]) == ["f1", "f2"]


def test_missing_fields_at_the_end_are_empty(tmp_path):
    (record,), _ = read(source_of(write(tmp_path / "a.csv", HEADER, "f1,one,go,Does.")))
    assert record.keywords == ()


def test_a_problem_names_the_first_line_of_its_row(tmp_path):
    path = write(
        tmp_path / "a.csv", HEADER, 'f1,one,go,"a\nb",', 'f2,,go,"a\nb",', "f3,three,klingon,Does.,", "f4,a,go,b,c,d"
    )
    records, problems = read(source_of(path))
    assert ids(records) == ["f1"]
    assert problems[0] == RecordProblem("line 4", "name", "is required")
    assert (problems[1].location, problems[1].field) == ("line 6", "language")
    assert problems[2] == RecordProblem("line 7", "record", "has 6 fields; the header has 5")


def test_a_line_over_the_limit_costs_that_line(tmp_path):
    path = write(
        tmp_path / "a.csv", HEADER, "f1,one,go,Does.,", "f2,two,go," + "x" * 200, "f3,three,go,Does.,", "y" * 200
    )
    records, problems = read(source_of(path, limit=100))
    assert ids(records) == ["f1", "f3"]
    assert [problem.location for problem in problems] == ["line 3", "line 5"]
    assert problems[0].reason == "has 0.0 MB; the limit is 0 MB"


def test_a_missing_quote_costs_no_more_than_a_field_may_have(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "MAX_FIELD", 500)
    before = csv.field_size_limit()
    lines = [f"f{number},n,go,Does.," for number in range(100)]
    path = write(tmp_path / "a.csv", HEADER, "f,a,go,Does.,", 'g,"b,go,Does.,', *lines)
    records, problems = read(source_of(path))
    csv.field_size_limit(before)
    assert problems[0].location == "line 3"
    assert records[0].external_id == "f"
    assert records[-1].external_id == "f99"
    assert len(records) > 60


def test_text_that_is_not_utf_8(tmp_path):
    records, problems = read(
        source_of(write(tmp_path / "a.csv", HEADER, "f1,café,go,Does.,", "f2,b,go,Does.,", encoding="latin-1"))
    )
    assert ids(records) == ["f2"]
    assert (problems[0].location, problems[0].field) == ("line 2", "name")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "has no header row with a column called “name”"),
        ("f1,one,go", "has no header row with a column called “name”"),
        ("name,id,Name", "has two columns called “name”"),
    ],
)
def test_a_header_that_cannot_be_one(tmp_path, header, reason):
    with pytest.raises(SourceError) as caught:
        source_of(write(tmp_path / "a.csv", header))
    assert (caught.value.field, caught.value.reason) == ("path", reason)


def test_progress_goes_from_nothing_to_the_end(tmp_path):
    source = source_of(write(tmp_path / "a.csv", HEADER, "f1,one,go,Does.,", "f2,two,go,Does.,"))
    assert source.position <= len(HEADER) + 1
    positions = [source.position for _ in source.items()]
    assert positions == sorted(set(positions))
    assert source.position == source.total_hint


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20) | st.text(st.sampled_from('a",;\n\t |'))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(texts, max_size=5), st.sampled_from([",", ";", "\t"]))
def test_what_is_written_is_read(tmp_path, descriptions, separator):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(["name", "language", "description", "code"])
    writer.writerows(["f", "ruby", description, "x"] for description in descriptions)
    path = tmp_path / "a.csv"
    path.write_bytes(text.getvalue().encode())
    records, problems = read(source_of(path))
    assert problems == []
    assert [record.description for record in records] == [description.strip() for description in descriptions]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=80))
def test_whatever_a_file_holds_reading_ends(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(b"name,language,code\n" + content)
    records, problems = read(source_of(path))
    assert len(records) + len(problems) <= len(content) + 1
