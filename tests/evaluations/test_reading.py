"""Case files: what is read, and what is said of what is not."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.targets.types import CaseRecord
from apps.evaluations.reading import MAX_LINE_BYTES, CaseProblem, ReadCase, read_cases

pytestmark = pytest.mark.unit


def read(content: str | bytes, form: str = "jsonl") -> list[ReadCase | CaseProblem]:
    data = content.encode() if isinstance(content, str) else content
    return list(read_cases(io.BytesIO(data), form))


def problem(content: str | bytes, form: str = "jsonl") -> tuple[str, str, str]:
    [item] = [one for one in read(content, form) if isinstance(one, CaseProblem)]
    return item.location, item.field, item.reason


def records(content: str | bytes, form: str = "jsonl") -> list[CaseRecord]:
    items = read(content, form)
    assert not [one for one in items if isinstance(one, CaseProblem)]
    return [one.record for one in items if isinstance(one, ReadCase)]


class TestJsonLines:
    def test_a_case_with_all_its_keys(self) -> None:
        case = {
            "id": 7, "query": "read a file", "expected": ["io.read", "lib/open"], "filters": {"language": "python"},
            "tags": [" io ", "io"], "group": "g1", "made_by": "name", "input": {"k": [1]},
        }  # fmt: skip
        assert records(json.dumps(case)) == [
            CaseRecord(
                external_id="7",
                query="read a file",
                input={"k": [1]},
                expected=["io.read", "lib/open"],
                filters={"language": "python"},
                tags=("io",),
                group="g1",
                made_by="name",
            )
        ]

    def test_what_is_left_out_is_empty(self) -> None:
        [record] = records('{"query": "x", "tags": null}')
        assert record == CaseRecord(external_id="", query="x")
        assert record.expected is None

    def test_blank_lines_count_and_a_byte_order_mark_does_not(self) -> None:
        items = read(b'\xef\xbb\xbf{"id": "a"}\r\n\n   \n{"id": "b"}')
        assert [one.line for one in items if isinstance(one, ReadCase)] == [1, 4]

    @pytest.mark.parametrize(
        ("line", "field", "reason"),
        [
            ('{"query": "x", "expect": []}', "expect", "is no field of a case; known are id"),
            ("[]", "", "is no JSON object"),
            ("5", "", "is no JSON object"),
            ('{"query": ', "", "is not JSON"),
            ('{"query": NaN}', "", "is not JSON"),
            ('{"query": "\\ud800"}', "", "is not JSON"),
            ("[" * 5000, "", "is not JSON"),
            ('{"query": 5}', "query", "must be a text"),
            ('{"id": true}', "id", "must be a text"),
            ('{"input": "x"}', "input", "must be an object"),
            ('{"filters": []}', "filters", "must be an object"),
            ('{"filters": {"language": 5}}', "filters", "must have texts"),
            ('{"tags": "a,b"}', "tags", "must be a list of texts"),
            ('{"tags": [5]}', "tags", "must be a list of texts"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_line_and_the_rest_is_read(
        self, line: str, field: str, reason: str
    ) -> None:
        content = f'{{"id": "a"}}\n{line}\n{{"id": "b"}}\n'
        assert problem(content)[:2] == ("line 2", field)
        assert problem(content)[2].startswith(reason)
        assert [one.record.external_id for one in read(content) if isinstance(one, ReadCase)] == ["a", "b"]

    def test_ids_that_come_twice_name_both_lines(self) -> None:
        assert problem('{"id": "1"}\n\n{"id": 1}\n') == ("line 3", "id", "is '1', which line 1 has already")

    def test_a_line_that_is_too_long_is_passed_over(self) -> None:
        content = b'{"id": "a"}\n{"query": "' + b"x" * (2 * MAX_LINE_BYTES) + b'"}\n{"id": "b"}\n'
        assert problem(content) == ("line 2", "", "is longer than 1 MB")
        assert len(read(content)) == 3
        exact = b'{"id": "a"}'.ljust(MAX_LINE_BYTES - 1) + b"\n"
        assert len(records(exact)) == 1

    @pytest.mark.parametrize("content", ['{"query": "größe"}'.encode("latin-1"), '{"query": "x"}\n'.encode("utf-16")])
    def test_another_encoding_ends_the_reading(self, content: bytes) -> None:
        location, field, reason = problem(b'{"id": "a"}\n' + content + b'\n{"id": "b"}')
        assert (location, field) == ("line 2", "")
        assert reason.startswith("is not UTF-8 text: byte 0x")
        assert len(read(b'{"id": "a"}\n' + content + b'\n{"id": "b"}')) == 2

    @given(st.binary(max_size=200))
    def test_whatever_comes_is_cases_and_problems(self, content: bytes) -> None:
        for form in ("jsonl", "csv"):
            assert all(isinstance(item, ReadCase | CaseProblem) for item in read(content, form))

    def test_another_form(self) -> None:
        with pytest.raises(ValueError, match="xml"):
            read("", "xml")


class TestCsv:
    def test_a_case_with_all_its_columns(self) -> None:
        content = (
            "ID, query ,expected,language,library,tags,group,made_by\n"
            '7,"read a\nfile",io.read| lib/open ,python,lib,"io, files,",g1,name\n'
        )
        assert records(content, "csv") == [
            CaseRecord(
                external_id="7",
                query="read a\nfile",
                expected=["io.read", "lib/open"],
                filters={"language": "python", "library": "lib"},
                tags=("io", "files"),
                group="g1",
                made_by="name",
            )
        ]

    @pytest.mark.parametrize(
        ("cell", "expected"), [("a", ["a"]), ("[]", []), ('["a|b"]', ["a|b"]), ("", None), ("a||b", ["a", "b"])]
    )
    def test_right_answers(self, cell: str, expected: Any) -> None:
        out = io.StringIO()
        csv.writer(out).writerows([["query", "expected"], ["x", cell]])
        assert records(out.getvalue(), "csv")[0].expected == expected

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_separators_and_a_byte_order_mark(self, separator: str) -> None:
        content = f"\ufeffid{separator}query\n1{separator}x\n"
        assert records(content, "csv") == [CaseRecord("1", "x")]

    def test_lines_are_those_where_a_row_begins(self) -> None:
        items = read('id,query\n1,"a\nb"\n\n2,c\n', "csv")
        assert [one.line for one in items if isinstance(one, ReadCase)] == [2, 5]

    @pytest.mark.parametrize(
        ("content", "location", "field", "reason"),
        [
            ("", "line 1", "", "is no header row"),
            (",\nx,y\n", "line 1", "", "is no header row"),
            ("id,colour\n1,red\n", "line 1", "colour", "is no column of a case file"),
            ("id,id\n1,2\n", "line 1", "id", "is the name of two columns"),
            ("id,query\n1,x,y\n", "line 2", "", "has 3 fields; the header has 2"),
            ('id,expected\n1,"[5"\n', "line 2", "expected", "is no JSON list"),
            ('id,query\n1,"open\n', "line 2", "", "is not CSV"),
            ('id,query\n1,"a"b\n', "line 2", "", "is not CSV"),
            ("id\n1\n2\n1\n", "line 4", "id", "is '1', which line 2 has already"),
        ],
    )
    def test_what_is_wrong_is_named(self, content: str, location: str, field: str, reason: str) -> None:
        found = problem(content, "csv")
        assert found[:2] == (location, field)
        assert found[2].startswith(reason)

    def test_another_encoding_is_named_with_its_line(self) -> None:
        found = problem("id,query\n1,a\n2,größe\n".encode("latin-1"), "csv")
        assert found[0] == "line 3"
        assert found[2].startswith("is not UTF-8 text")
        assert problem("id,query\n1,a\n".encode("utf-16"), "csv")[0] == "line 1"
        assert problem(b"id,query\n1," + b"x" * 2_000_000, "csv")[::2] == ("line 2", "is longer than 1 MB")

    @given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1), max_size=5))
    def test_queries_come_through_as_they_were_written(self, queries: list[str]) -> None:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["id", "query"])
        writer.writerows(enumerate(queries, start=1))
        assert [record.query for record in records(out.getvalue(), "csv")] == queries
