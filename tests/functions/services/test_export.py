import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.functions.languages import RECORD_LANGUAGES
from apps.functions.models import Function, FunctionState, Library
from apps.functions.records import FunctionRecord, RecordError, parse_record
from apps.functions.services.export import FIELDS, Form, export_functions, to_record, write_csv, write_jsonl
from apps.functions.services.importing import import_now
from apps.functions.sources import open_source
from tests.functions.factories import FunctionFactory, LibraryFactory

FORMS: tuple[Form, ...] = ("jsonl", "csv")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)
# What tends to break a format that goes line by line.
CODE = st.lists(st.sampled_from(['"', ",", "\n", "\r", "\t", "  ", "'", ";", "\\", "{", "é", "\u2028", "\x85", "=1+1"]))
LONG = TEXTS | CODE.map("".join)


def _parse(**values: Any) -> FunctionRecord | None:
    try:
        return parse_record(values)
    except RecordError:
        return None


def records(keywords: st.SearchStrategy[str]) -> st.SearchStrategy[FunctionRecord]:
    """Records as an import leaves them."""
    return st.builds(
        _parse,
        id=TEXTS,
        name=TEXTS,
        language=st.sampled_from(RECORD_LANGUAGES),
        description=LONG,
        code=LONG,
        signature=LONG,
        library=st.just("texts"),
        keywords=st.lists(keywords, max_size=4),
        action=TEXTS,
        data_type=TEXTS,
        order_type=TEXTS,
        usage=LONG,
        complexity=TEXTS,
        popularity=st.floats(allow_nan=False, allow_infinity=False),
        path=TEXTS,
        line=st.none() | st.integers(1, 2_000_000_000),
        qualified_name=TEXTS,
    ).filter(bool)


def to_functions(given: Iterable[FunctionRecord]) -> Iterator[Function]:
    for record in given:
        function = Function(library=Library(name=record.library), external_id=record.external_id)
        function.apply_record(record)
        yield function


def read_back(content: bytes, form: Form) -> list[Any]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"functions.{form}"
        path.write_bytes(content)
        return list(open_source(path).items())


def write(functions: Iterable[Function], form: Form) -> bytes:
    rows = (to_record(function) for function in functions)
    return b"".join(write_jsonl(rows) if form == "jsonl" else write_csv(rows))


class TestRoundTrip:
    pytestmark = pytest.mark.unit

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
    @given(st.lists(records(LONG), max_size=4, unique_by=lambda record: record.external_id))
    def test_jsonl(self, given: list[FunctionRecord]) -> None:
        assert read_back(write(to_functions(given), "jsonl"), "jsonl") == given

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
    @given(
        st.lists(
            records(st.text(st.characters(codec="utf-8", exclude_characters=",;|"), max_size=20)),
            max_size=4,
            unique_by=lambda record: record.external_id,
        )
    )
    def test_csv(self, given: list[FunctionRecord]) -> None:
        """A keyword with one of the separators becomes several: CSV has no lists."""
        assert read_back(write(to_functions(given), "csv"), "csv") == given


class TestForms:
    pytestmark = pytest.mark.unit

    def test_nothing_to_export(self) -> None:
        assert write([], "jsonl") == b""
        assert next(csv.reader(io.StringIO(write([], "csv").decode()))) == list(FIELDS)

    def test_empty_fields_are_left_out_of_json(self) -> None:
        record = parse_record({"name": "f", "language": "go", "code": "x", "library": "texts"})
        [line] = write(to_functions([record]), "jsonl").splitlines()
        assert json.loads(line) == {
            "id": "go:f", "name": "f", "qualified_name": "f", "language": "go", "library": "texts", "code": "x",
            "popularity": 0.0,
        }  # fmt: skip

    def test_every_field_of_a_record_is_there(self) -> None:
        known = {name for name in FunctionRecord.__slots__ if name != "external_id"} | {"id"}
        assert set(FIELDS) == known


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.parametrize("form", FORMS)
class TestCatalogue:
    def test_imported_where_it_came_from_changes_nothing(self, form: Form, tmp_path: Path) -> None:
        library = LibraryFactory(name="texts")
        path = tmp_path / f"first.{form}"
        path.write_bytes(write(FunctionFactory.build_batch(3, library=library), form))
        assert import_now(path=path, library="texts").result["created"] == 3
        again = tmp_path / f"again.{form}"
        again.write_bytes(b"".join(export_functions(Function.objects.order_by("pk"), form)))
        result = import_now(path=again, library="texts").result
        assert (result["created"], result["changed"], result["unchanged"], result["problems"]) == (0, 0, 3, 0)

    def test_imported_elsewhere_it_is_the_same(self, form: Form, tmp_path: Path) -> None:
        FunctionFactory(code='x = "a,\\nb"\n\ny = 1', keywords=["b", "a"], line=3, path="a/b.py", popularity=0.1)
        FunctionFactory(language="csharp", description="", qualified_name="N.C.f", usage="f();")
        path = tmp_path / f"functions.{form}"
        path.write_bytes(b"".join(export_functions(Function.objects.order_by("pk"), form)))
        import_now(path=path, library="copy")
        before = [function.as_data() for function in Function.objects.exclude(library__name="copy").order_by("pk")]
        after = [function.as_data() for function in Function.objects.filter(library__name="copy").order_by("pk")]
        assert after == before

    def test_the_state_stays_here(self, form: Form) -> None:
        FunctionFactory(state=FunctionState.RETIRED)
        assert b"retired" not in b"".join(export_functions(Function.objects.all(), form))

    def test_takes_one_query_however_many(self, form: Form, django_assert_num_queries: Any) -> None:
        FunctionFactory.create_batch(12)
        with django_assert_num_queries(1):
            content = b"".join(export_functions(Function.objects.order_by("pk"), form))
        assert content.count(b"count_lines_") >= 12
