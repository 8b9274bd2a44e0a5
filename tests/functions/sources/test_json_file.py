import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.functions.sources import json_file
from apps.functions.sources.json_file import Buffer, JsonSource
from tests.functions.sources.support import ids, read, row

pytestmark = pytest.mark.unit


def write(path, text: str | bytes):
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return path


def source_of(path, **options) -> JsonSource:
    return JsonSource(path, language=None, library=None, **options)


@pytest.fixture(params=[7, 65_536], ids=["small chunks", "large chunks"])
def chunk(request, monkeypatch):
    """Whatever is read at a time, the result is the same."""
    monkeypatch.setattr(Buffer.fill, "__defaults__", (request.param,))
    monkeypatch.setattr(json_file, "CHUNK", request.param)


@pytest.mark.usefixtures("chunk")
class TestReading:
    @pytest.mark.parametrize("indent", [None, 2])
    @pytest.mark.parametrize("wrap", [False, True], ids=["array", "object"])
    def test_an_array_or_an_object_with_one(self, tmp_path, indent, wrap):
        rows = [row(1, description='é [{"\\'), row(2), row(3)]
        whole = {"version": 1, "notes": ["[", {"functions": []}], "functions": rows, "more": []} if wrap else rows
        path = write(tmp_path / "a.json", json.dumps(whole, indent=indent, ensure_ascii=False))
        records, problems = read(source_of(path))
        assert (ids(records), problems) == (["f1", "f2", "f3"], [])
        assert records[0].description == 'é [{"\\'

    def test_a_byte_order_mark(self, tmp_path):
        path = write(tmp_path / "a.json", b"\xef\xbb\xbf \n" + json.dumps([row(1)]).encode())
        assert ids(read(source_of(path))[0]) == ["f1"]

    @pytest.mark.parametrize("text", ["[]", '{"functions": []}', " [ ] "])
    def test_no_records(self, tmp_path, text):
        assert read(source_of(write(tmp_path / "a.json", text))) == ([], [])

    @pytest.mark.parametrize("text", ["", "  ", "3", '"x"', "{}", '{"a": [1]}', '{"functions": 3}', '{"a"', "{]", "x"])
    def test_what_has_no_list_is_told_so(self, tmp_path, text):
        records, problems = read(source_of(write(tmp_path / "a.json", text)))
        assert records == []
        assert [problem.reason for problem in problems] == [
            "must be an array, or an object with an array called “functions”"
        ]

    @pytest.mark.parametrize(
        ("broken", "reason"),
        [
            ('{"id": "b", "name": x}', "is not JSON: Expecting value on line 3"),
            ('{"id": "b",}', "is not JSON: Expecting property name"),
            ('{"id": "b" "name": 1}', "is not JSON: Expecting ',' delimiter on line 3"),
            ("{'id': 'b'}", "is not JSON: Expecting property name"),
            ('{"id":\n"b",\n"name": [1, }}', "is not JSON: Expecting value on line 5"),
            ("[1]", "must be an object, not a list"),
            ("12", "must be an object, not a number"),
            ("nul", "is not JSON: Expecting value on line 3"),
        ],
    )
    def test_a_broken_record_costs_that_record(self, tmp_path, broken, reason):
        text = f"[\n{json.dumps(row(1))},\n{broken}\n,\n{json.dumps(row(3))}]"
        records, problems = read(source_of(write(tmp_path / "a.json", text)))
        assert [problem.location for problem in problems] == ["record 2"]
        assert problems[0].reason.startswith(reason)
        assert ids(records) == ["f1", "f3"]

    def test_a_missing_quote_takes_its_bracket_with_it(self, tmp_path):
        text = f'[\n{json.dumps(row(1))},\n{{"id": "b}}\n,\n{json.dumps(row(3))}]'
        records, problems = read(source_of(write(tmp_path / "a.json", text)))
        assert ids(records) == ["f1"]
        assert [problem.location for problem in problems] == ["record 2", "record 3"]

    def test_a_bracket_too_many_is_told(self, tmp_path):
        text = f"[{json.dumps(row(1))}}}, {json.dumps(row(2))}]"
        records, problems = read(source_of(write(tmp_path / "a.json", text)))
        assert ids(records) == ["f1", "f2"]
        assert [problem.location for problem in problems] == ["record 2"]

    def test_a_missing_comma_costs_nothing(self, tmp_path):
        records, problems = read(source_of(write(tmp_path / "a.json", f"[{json.dumps(row(1))} {json.dumps(row(2))}]")))
        assert (ids(records), problems) == (["f1", "f2"], [])

    def test_a_file_that_ends_too_early(self, tmp_path):
        text = json.dumps([row(1), row(2)])
        records, problems = read(source_of(write(tmp_path / "a.json", text[:-5])))
        assert ids(records) == ["f1"]
        assert problems[0].reason.endswith("; nothing after it could be read")
        records, problems = read(source_of(write(tmp_path / "a.json", text[:-1])))
        assert ids(records) == ["f1", "f2"]
        assert problems[0].reason == "is missing: the file ends on line 1"

    @pytest.mark.parametrize("end", ['{"a', "\\", '"\\', "{", '{"name": "x"', "nul", "}"])
    def test_whatever_it_ends_with(self, tmp_path, end):
        records, problems = read(source_of(write(tmp_path / "a.json", f"[{json.dumps(row(1))}, {end}")))
        assert ids(records) == ["f1"]
        assert problems[0].location == "record 2"

    def test_a_record_over_the_limit_is_not_kept(self, tmp_path):
        large = row(2, code='x = "[{"\n' * 40_000)
        path = write(tmp_path / "a.json", json.dumps([row(1), large, row(3)]))
        records, problems = read(source_of(path, limit=100_000))
        assert ids(records) == ["f1", "f3"]
        assert problems[0].location == "record 2"
        assert "is larger than 0 MB" in problems[0].reason


def test_large_records_are_read_whole(tmp_path):
    code = 'x = "[{"\n' * 50_000
    records, problems = read(source_of(write(tmp_path / "a.json", json.dumps([row(1, code=code), row(2)]))))
    assert problems == []
    assert records[0].code == code.strip()


def test_deep_nesting_is_told(tmp_path):
    text = f"[{json.dumps(row(1))}, {'[' * 100_000 + ']' * 100_000}, {json.dumps(row(3))}]"
    records, problems = read(source_of(write(tmp_path / "a.json", text)))
    assert ids(records) == ["f1", "f3"]
    assert problems[0].reason == "is nested too deeply on line 1"


def test_text_that_is_not_utf_8(tmp_path):
    path = write(
        tmp_path / "a.json",
        b'[{"name": "caf\xe9", "language": "go", "code": "x"}, ' + json.dumps(row(2)).encode() + b"]",
    )
    records, problems = read(source_of(path))
    assert ids(records) == ["f2"]
    assert problems[0].field == "name"
    assert "U+DCE9" in problems[0].reason


def test_progress_goes_from_nothing_to_the_end(tmp_path):
    source = source_of(write(tmp_path / "a.json", json.dumps([row(number) for number in range(3_000)])))
    positions = [source.position] + [source.position for _ in source.items()]
    assert positions == sorted(positions)
    assert len(set(positions)) > 3
    assert (positions[0], source.position) == (0, source.total_hint)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(values, max_size=5), st.integers(1, 20), st.sampled_from([None, 1]), st.booleans())
def test_values_are_read_as_json_reads_them(elements, size, indent, is_ascii):
    text = json.dumps(elements, indent=indent, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    buffer = Buffer(io.BytesIO(text))
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_file, "CHUNK", size)
        buffer.peek()
        buffer.at += 1
        while buffer.peek() != "]":
            if buffer.peek() == ",":
                buffer.at += 1
            else:
                found.append(json_file.read_value(buffer, 10_000))
    assert found == json.loads(text.decode("utf-8", "surrogateescape"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.sampled_from('[]{},:"\\ \n1antruefls'), max_size=60).map(str.encode) | st.binary(max_size=60))
def test_whatever_a_file_holds_reading_ends(tmp_path, content):
    records, problems = read(source_of(write(tmp_path / "a.json", content)))
    assert records == []
    assert len(problems) <= len(content) + 1
