import pytest

from apps.functions.records import FunctionRecord, RecordProblem
from apps.functions.sources.base import RecordReader
from tests.functions.sources.support import row

pytestmark = pytest.mark.unit


@pytest.fixture
def reader():
    reader = RecordReader(place="line", language="go", library="lib")
    yield reader
    reader.parser.close()


def test_defaults_are_given(reader):
    record = reader.read({"name": "f", "description": "Does."}, 1)
    assert (record.language, record.library) == ("go", "lib")


def test_a_bad_record_is_a_problem_with_its_place(reader):
    assert reader.read({"id": "x"}, 7) == RecordProblem("line 7", "name", "is required")
    assert reader.read([], 8) == RecordProblem("line 8", "record", "must be an object, not a list")


def test_a_duplicate_id_names_both_places(reader):
    assert isinstance(reader.read(row(1), 3), FunctionRecord)
    assert reader.read(row(1, name="other"), 9) == RecordProblem("line 9", "id", "“f1” is already the id of line 3")


def test_a_number_and_its_text_are_one_id(reader):
    assert isinstance(reader.read(row(1, id=7), 1), FunctionRecord)
    assert isinstance(reader.read(row(1, id="7"), 2), RecordProblem)


def test_a_bad_record_does_not_take_its_id(reader):
    reader.read(row(1, language="klingon"), 1)
    assert isinstance(reader.read(row(1), 2), FunctionRecord)


def test_records_without_an_id_are_told_apart_by_their_order(reader):
    mappings = [{"name": name, "description": "Does."} for name in ("f", "g", "f", "f")]
    found = [reader.read(mapping, number).external_id for number, mapping in enumerate(mappings, 1)]
    assert found == ["go:f", "go:g", "go:f#2", "go:f#3"]


def test_a_derived_id_gives_way_to_one_that_is_given(reader):
    reader.read(row(1, id="go:f"), 1)
    assert reader.read({"name": "f", "description": "Does."}, 2).external_id == "go:f#2"


def test_code_tells_what_the_record_does_not(reader):
    record = reader.read({"name": "F", "code": "// F adds.\nfunc F(a int) int { return a + 1 }"}, 1)
    assert (record.signature, record.description) == ("func F(a int) int", "F adds.")
