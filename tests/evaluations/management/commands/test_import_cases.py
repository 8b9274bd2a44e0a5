import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.evaluations.models import Suite
from tests.evaluations.targets import NAME

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def run(*arguments: str, name: str = "import_cases") -> tuple[int, str, str]:
    """The exit status, and what was printed to whom."""
    out, err = StringIO(), StringIO()
    try:
        call_command(name, *arguments, "--target", NAME, stdout=out, stderr=err)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def write(folder: Path, *cases: dict[str, Any]) -> str:
    path = folder / "cases.jsonl"
    path.write_text("\n".join(json.dumps(case) for case in cases))
    return str(path)


def test_imports_for_people_and_for_machines(tmp_path: Path) -> None:
    path = write(tmp_path, {"query": "x", "expected": ["gone"]})
    status, out, err = run("s", path)
    assert (status, out.split(",")[0]) == (0, "s: 1 created")
    assert err.startswith("1 of the right answers")
    status, out, _ = run("s", path, "--json")
    assert (status, json.loads(out)["unchanged"]) == (0, 1)


def test_a_wrong_file_is_wrong_use(tmp_path: Path) -> None:
    path = write(tmp_path, {"query": "x", "expected": []}, {"query": "y", "colour": "red", "expected": []})
    status, _, err = run("s", path)
    assert (status, err.split(" is no")[0]) == (2, "line 2: colour:")
    status, out, _ = run("s", path, "--json")
    assert (status, list(json.loads(out)["errors"])) == (2, ["line 2: colour"])
    assert not Suite.objects.exists()


def test_generates(tmp_path: Path) -> None:
    status, out, _ = run("s", "--count", "3", "--seed", "1", name="generate_cases")
    assert (status, out.split(",")[0]) == (0, "s: 3 created")
    status, out, _ = run("s", "--count", "3", "--seed", "1", "--json", name="generate_cases")
    assert (status, json.loads(out)["unchanged"]) == (0, 3)
    status, out, _ = run("t", "--count", "0", "--seed", "1", "--json", name="generate_cases")
    assert (status, json.loads(out)["errors"]) == (2, {"count": "must be from 1 to 100,000"})
    assert not Suite.objects.filter(name="t").exists()
