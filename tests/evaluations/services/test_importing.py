"""Files of cases into suites: all of them or none."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from apps.core.errors import InvalidInput
from apps.evaluations.models import Case, CaseOrigin, Suite
from apps.evaluations.services.importing import import_cases
from tests.evaluations.factories import SuiteFactory
from tests.evaluations.targets import NAME
from tests.functions.factories import FunctionFactory, LibraryFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def load(*cases: Any, name: str = "s", form: str = "jsonl", **options: Any) -> dict[str, Any]:
    lines = [case if isinstance(case, str) else json.dumps(case) for case in cases]
    stream = io.BytesIO("\n".join(lines).encode())
    return import_cases(suite_name=name, stream=stream, form=form, **{"target": NAME, **options})


def errors(*cases: Any, **options: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        load(*cases, **options)
    return caught.value.errors


class TestImport:
    def test_makes_the_suite_and_counts(self) -> None:
        cases = [{"id": number, "query": f"q{number}", "expected": ["a"]} for number in (1, 2)]
        result = load(*cases)
        assert result.pop("seconds") >= 0
        assert result == {"suite": "s", "created": 2, "changed": 0, "unchanged": 0, "unknown_answers": 0}
        suite = Suite.objects.get()
        assert (suite.target, suite.cases.filter(origin=CaseOrigin.FILE).count()) == (NAME, 2)
        again = load(cases[0], {**cases[1], "expected": ["b"]}, {"id": 3, "query": "q3", "expected": []})
        assert {key: again[key] for key in ("created", "changed", "unchanged")} == {
            "created": 1, "changed": 1, "unchanged": 1,
        }  # fmt: skip

    def test_a_csv_file_by_its_name(self, tmp_path: Path) -> None:
        path = tmp_path / "cases.CSV"
        path.write_text("id,query,expected,language\n1,read,a|b,python\n")
        assert import_cases(suite_name="s", path=path, target=NAME)["created"] == 1
        case = Case.objects.get()
        assert (case.expected, case.filters) == (["a", "b"], {"language": "python"})

    def test_the_same_question_has_the_same_id(self) -> None:
        load({"query": "x", "expected": ["a"]})
        assert load({"query": "x", "expected": ["b"]})["changed"] == 1
        assert errors({"query": "x", "expected": []}, {"query": "x", "expected": ["a"]}) == {
            "line 2: id": "is missing, and line 1 asks the same: give both an id of their own"
        }

    def test_answers_that_mean_nothing_are_counted_once(self) -> None:
        cases = [{"query": f"q{number}", "expected": ["gone-1", "a", f"gone-{number}"]} for number in range(3)]
        assert load(*cases)["unknown_answers"] == 3

    def test_for_function_search(self) -> None:
        function = FunctionFactory(external_id="count_lines", library=LibraryFactory(name="texts"))
        cases = [
            {"query": "count lines", "expected": ["count_lines", "texts/count_lines"], "filters": {"language": "py"}},
            {"query": "bake a cake", "expected": []},
            {"query": "sort", "expected": ["texts/sort"]},
        ]
        result = load(*cases, target="functions.search")
        assert (result["created"], result["unknown_answers"]) == (3, 1)
        assert list(errors({"query": "x", "expected": function.external_id}, target="functions.search")) == [
            "line 1: expected"
        ]
        assert list(errors({"query": "x", "expected": [], "filters": {"colour": "x"}}, target=None)) == [
            "line 1: filters"
        ]

    def test_one_bad_case_and_nothing_changes(self) -> None:
        good = {"id": "1", "query": "x", "expected": ["a"]}
        found = errors(good, {"id": "2", "expected": ["a"]}, {**good, "id": "3", "colour": 1}, {**good, "id": "1"})
        assert found == {
            "line 2: query": "is empty",
            "line 3: colour": found["line 3: colour"],
            "line 4: id": "is '1', which line 1 has already",
        }
        assert not Suite.objects.exists()
        load(good)
        before = Suite.objects.get().version
        errors({**good, "expected": ["b"]}, "{")
        assert Case.objects.get().expected == ["a"]
        assert Suite.objects.get().version == before

    def test_the_first_problems_are_named_and_the_others_counted(self) -> None:
        found = errors(*["{"] * 25)
        assert len(found) == 21
        assert next(iter(found)) == "line 1"
        assert found["file"] == "has 5 more problems"

    @pytest.mark.parametrize(
        ("options", "field"),
        [
            ({"form": "xml"}, "form"),
            ({"name": " "}, "name"),
            ({"target": "none.such"}, "target"),
        ],
    )
    def test_what_is_wrong_beside_the_file(self, options: dict[str, Any], field: str) -> None:
        assert list(errors({"query": "x", "expected": []}, **options)) == [field]
        assert not Suite.objects.exists()

    def test_a_suite_of_another_target(self) -> None:
        suite = SuiteFactory(target=NAME)
        assert list(errors({"query": "x", "expected": []}, name=suite.name, target="functions.search")) == ["target"]

    @pytest.mark.parametrize("name", ["cases.txt", "gone.jsonl", "folder.jsonl", "a\0b.jsonl", "cases"])
    def test_a_file_that_cannot_be_read(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "folder.jsonl").mkdir()
        with pytest.raises(InvalidInput) as caught:
            import_cases(suite_name="s", path=tmp_path / name, target=NAME)
        assert list(caught.value.errors) == ["file"]
        assert not Suite.objects.exists()

    def test_a_file_without_cases(self) -> None:
        assert errors("") == {"file": "has no cases"}
        assert errors("id,query", form="csv") == {"file": "has no cases"}
        assert not Suite.objects.exists()
