"""The OpenAPI document and docs/api.md say what the API does, all of it."""

import json
import re
import shlex
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.core.models import Job
from apps.functions.models import Function
from apps.users.scopes import METRICS_READ, SCOPES
from tests.api import client_with_key
from tests.evaluations.factories import CaseFactory, CaseOutcomeFactory, ReportFactory, SuiteFactory
from tests.functions.factories import FunctionFactory, LibraryFactory
from tests.inference.factories import AliasFactory, ModelFactory
from tests.users.factories import PASSWORD, UserFactory

DOCS = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
PREFIX = "/api/v1"
FILES = {
    "functions.jsonl": b'{"name": "f", "language": "python", "description": "d"}',
    "cases.jsonl": b'{"query": "count the words", "expected": ["count_words"]}',
}
# Their answers hold secrets, which are not kept to be given twice.
SECRET_ANSWERS = [
    ("POST", path)
    for path in ("/keys/", "/keys/{id}/rotate/", "/auth/token/", "/auth/token/refresh/", "/auth/token/revoke/")
]
WITH_REVISIONS = ("/functions/{key}/", "/inference/aliases/{id}/", "/inference/models/{id}/")
REPORT = {"suite": {"name": "s"}, "run": {"id": 1}, "verdict": "worse", "reasons": ["It is worse."]}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    out = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    document: dict[str, Any] = yaml.safe_load(out.getvalue())
    return document


@pytest.fixture(scope="module")
def operations(schema: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path.removeprefix(PREFIX)): operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }


@pytest.mark.integration
class TestSchema:
    """Building it without a warning is tested by the fixture."""

    def test_every_operation_says_what_it_does(self, operations: dict[tuple[str, str], dict[str, Any]]) -> None:
        assert len(operations) > 15
        for operation in operations.values():
            assert operation.get("summary")
            assert operation.get("description")
        ids = [operation["operationId"] for operation in operations.values()]
        assert len(set(ids)) == len(ids)

    def test_errors_are_problems(self, operations: dict[tuple[str, str], dict[str, Any]]) -> None:
        for (method, path), operation in operations.items():
            responses = operation["responses"]
            assert {"400", "401", "403"} <= set(responses)
            assert "{" not in path or "404" in responses
            for status, response in responses.items():
                if int(status) >= 400:
                    [(media_type, content)] = response["content"].items()
                    assert media_type == "application/problem+json"
                    assert content["schema"]["$ref"].endswith("/Problem")
            assert method == "GET" or "413" in responses

    def test_writes_name_their_headers(self, operations: dict[tuple[str, str], dict[str, Any]]) -> None:
        for (method, path), operation in operations.items():
            headers = {row["name"] for row in operation.get("parameters", ()) if row["in"] == "header"}
            assert ("Idempotency-Key" in headers) is (method != "GET" and (method, path) not in SECRET_ANSWERS)
            assert ("If-Match" in headers) is (method != "GET" and path.startswith(WITH_REVISIONS))

    def test_search_has_an_example(self, operations: dict[tuple[str, str], dict[str, Any]]) -> None:
        answer = operations["GET", "/functions/search/"]["responses"]["200"]["content"]["application/json"]
        [example] = answer["examples"].values()
        assert example["value"]["results"][0]["id"]

    @pytest.mark.django_db
    def test_is_served_to_everybody(self, client: Any) -> None:
        assert client.get("/api/v1/schema/").status_code == 200
        assert client.get("/api/v1/docs/").status_code == 200


@pytest.mark.integration
class TestDocs:
    def test_have_every_operation_and_no_other(self, operations: dict[tuple[str, str], dict[str, Any]]) -> None:
        rows = re.findall(r"^\| `([A-Z]+) (\S+)` \|", DOCS, re.MULTILINE)
        assert sorted(rows) == sorted(operations)

    def test_have_every_filter(self, operations: dict[tuple[str, str], dict[str, Any]]) -> None:
        for (method, path), operation in operations.items():
            [row] = [line for line in DOCS.splitlines() if line.startswith(f"| `{method} {path}` |")]
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query" and parameter["name"] not in ("page", "page_size"):
                    assert f"`{parameter['name']}`" in row

    def test_name_the_scopes_that_there_are(self) -> None:
        """Of metrics, which are no part of the API, docs/operations.md tells."""
        assert set(re.findall(r"\| `(\w+:\w+)` \|", DOCS)) == set(SCOPES) - {METRICS_READ}

    @pytest.mark.django_db
    def test_the_examples_work(self, settings: Settings, tmp_path: Path) -> None:
        settings.UPLOADS_DIR = tmp_path / "uploads"
        function = FunctionFactory(library=LibraryFactory(name="texts"), name="count_lines", external_id="count_lines")
        client = client_with_key(*SCOPES)
        names = {"KEY": "unused", "API": PREFIX, "FUNCTION": str(function.pk)}
        names |= {"EMAIL": UserFactory().email, "PASSWORD": PASSWORD}
        names["JOB"] = str(Job.objects.create(kind="functions.import").pk)
        names["TRACE_ID"] = client.get(f"{PREFIX}/functions/search/?q=lines").json()["trace_id"]
        names |= _make_runs() | _make_models()
        commands = _read_commands(DOCS)
        assert len(commands) >= 32
        for command in commands:
            response = _run_curl(client, re.sub(r"\$(\w+)", lambda match: names[match[1]], command))
            assert response.status_code < 300, (command, response.content)
        assert Function.objects.get(pk=function.pk).revision == 5


def _make_runs() -> dict[str, str]:
    """A suite with a case, a run with a report, and the run before it."""
    suite = SuiteFactory(target="functions.search")
    case = CaseFactory(suite=suite, input={}, expected=["count_lines"])
    run = ReportFactory(run__suite=suite, verdict="worse", data=REPORT).run
    for measured in (run, run.baseline):
        CaseOutcomeFactory(run=measured, case=case)
        measured.done = 1
        measured.save()
    return {"SUITE": str(suite.pk), "CASE": str(case.pk), "RUN": str(run.pk), "BASELINE": str(run.baseline_id)}


def _make_models() -> dict[str, str]:
    """An alias, a model, and those that the examples put into it."""
    first, _ = ModelFactory(name="first-model"), ModelFactory(name="second-model")
    return {"ALIAS": str(AliasFactory().pk), "MODEL": str(first.pk)}


def _read_commands(text: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def _run_curl(client: APIClient, command: str) -> Any:
    """Sends what the command would: -X, -H, -d with JSON, -F with fields and files."""
    words = shlex.split(command)
    assert words.pop(0) == "curl"
    address = words.pop()
    options = list(zip(words[::2], words[1::2], strict=True))
    headers = dict(value.split(": ", 1) for name, value in options if name == "-H")
    headers.pop("Authorization", None)
    form = dict(value.split("=", 1) for name, value in options if name == "-F")
    data = [value for name, value in options if name == "-d"]
    method = next((value for name, value in options if name == "-X"), "POST" if data or form else "GET")
    send = getattr(client, method.lower())
    if form:
        name = form["file"].removeprefix("@")
        upload = SimpleUploadedFile(name, FILES[name])
        return send(address, {**form, "file": upload}, format="multipart", headers=headers)
    body = json.loads(data[0]) if data else None
    assert body is None or headers.pop("Content-Type") == "application/json"
    return send(address, body, headers=headers, **({"format": "json"} if body else {}))
