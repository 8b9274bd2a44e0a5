"""Suites, cases and feedback over the API."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries, Settings

from apps.core.models import Job
from apps.evaluations.models import Case, CaseOrigin, CaseState, Suite
from apps.users.roles import Role
from tests.api import client_of, fault
from tests.evaluations import targets
from tests.evaluations.factories import CaseFactory, SuiteFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

SUITES = "/api/v1/suites/"
CASES = "/api/v1/cases/"
FEEDBACK = "/api/v1/feedback/"


def ids(response: Any) -> list[str]:
    assert response.status_code == 200, response.json()
    return [row["id"] for row in response.json()["results"]]


class TestSuites:
    def test_list_with_counts(self) -> None:
        suite = SuiteFactory(name="beta")
        CaseFactory(suite=suite)
        CaseFactory.create_batch(2, suite=suite, state=CaseState.DRAFT)
        CaseFactory(suite=suite, state=CaseState.RETIRED)
        other = SuiteFactory(name="alpha", target="functions.search")
        client = client_of(Role.VIEWER)
        assert ids(client.get(SUITES)) == [other.pk, suite.pk]
        assert ids(client.get(f"{SUITES}?q=BET")) == ids(client.get(f"{SUITES}?target={targets.NAME}")) == [suite.pk]
        shown = client.get(f"{SUITES}{suite.pk}/").json()
        assert shown | {"name": "beta", "cases": 1, "drafts": 2, "baseline": None, "margin": 0.01} == shown
        assert fault(client.get(f"{SUITES}?name=x")) == "name"

    def test_costs_as_many_queries_for_many_as_for_one(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client = client_of()
        for number in (1, 10):
            for _ in range(number):
                CaseFactory(suite=SuiteFactory())
            client.get(SUITES)
            with django_assert_num_queries(3):  # user, count, rows with their counts
                client.get(SUITES)

    def test_added_and_changed(self) -> None:
        client = client_of()
        response = client.post(SUITES, {"name": " My  suite ", "target": targets.NAME, "margin": 0.05}, format="json")
        assert response.status_code == 201
        suite = Suite.objects.get()
        assert response["Location"].endswith(f"{SUITES}{suite.pk}/")
        assert (suite.name, suite.margin, suite.created_by) == ("My suite", 0.05, client.user)
        changes = {"latency_margin": 0.2, "measure": "mrr_at_10"}
        shown = client.patch(f"{SUITES}{suite.pk}/", changes, format="json").json()
        assert shown | changes == shown
        assert client.patch(f"{SUITES}{suite.pk}/", {"latency_margin": None}, format="json").status_code == 200

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "name"),
            ({"name": ""}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"name": "taken"}, "name"),
            ({"name": "a\0"}, "name"),
            ({"name": "a", "target": "none"}, "target"),
            ({"name": "a", "measure": "beauty"}, "measure"),
            ({"name": "a", "margin": 0.9}, "margin"),
            ({"name": "a", "margin": "much"}, "margin"),
            ({"name": "a", "latency_margin": 0}, "latency_margin"),
            ({"name": "a", "colour": "red"}, "colour"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_made(self, body: dict[str, Any], field: str) -> None:
        SuiteFactory(name="taken")
        assert fault(client_of().post(SUITES, body, format="json")) == field
        assert Suite.objects.count() == 1

    def test_its_target_stays(self) -> None:
        suite = SuiteFactory()
        assert fault(client_of().patch(f"{SUITES}{suite.pk}/", {"target": "x"}, format="json")) == "target"

    @pytest.mark.parametrize("pk", ["0", "9" * 30, "x"])
    def test_none_there(self, pk: str) -> None:
        client = client_of()
        for path in ("", "cases/", "runs/"):
            assert client.get(f"{SUITES}{pk}/{path}").status_code == 404
        for path in ("cases/", "runs/", "generate/", "cases/import/"):
            body = {"count": 1, "expected": [], "cases": [{}]}
            assert client.post(f"{SUITES}{pk}/{path}", body, format="json").status_code in (400, 404)


class TestCases:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["a", "b"]),
            ("state=draft", ["b"]),
            ("origin=feedback", ["b"]),
            ("tag=io", ["a"]),
            ("tag=i", []),
            ("made_by=typo", ["a"]),
            ("q=LINES", ["a"]),
            ("q=b", ["b"]),
            ("q=%25", []),
            ("page_size=1&page=2", ["b"]),
        ],
    )
    def test_filters(self, query: str, found: list[str]) -> None:
        suite = SuiteFactory()
        CaseFactory(suite=suite, external_id="a", query="count the lines", tags=["io"], made_by="typo")
        CaseFactory(suite=suite, external_id="b", query="sort", state=CaseState.DRAFT, origin=CaseOrigin.FEEDBACK)
        CaseFactory()
        assert ids(client_of(Role.VIEWER).get(f"{SUITES}{suite.pk}/cases/?{query}")) == found

    @pytest.mark.parametrize(
        ("query", "field"), [("state=gone", "state"), ("tag=%00", "tag"), ("q=%00", "q"), ("tags=a", "tags")]
    )
    def test_what_cannot_be_asked_is_named(self, query: str, field: str) -> None:
        assert fault(client_of().get(f"{SUITES}{SuiteFactory().pk}/cases/?{query}")) == field

    def test_costs_as_many_queries_for_many_as_for_one(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client, suite = client_of(), SuiteFactory()
        for number in (1, 20):
            CaseFactory.create_batch(number, suite=suite)
            client.get(f"{SUITES}{suite.pk}/cases/")
            with django_assert_num_queries(4):  # user, suite, count, rows
                client.get(f"{SUITES}{suite.pk}/cases/?state=active&q=question")

    def test_added_changed_and_retired(self) -> None:
        client, suite = client_of(), SuiteFactory()
        body = {
            "query": "x",
            "expected": ["a"],
            "filters": {"language": "go"},
            "tags": ["t"],
            "note": "n",
            "group": "g",
        }
        response = client.post(f"{SUITES}{suite.pk}/cases/", body, format="json")
        assert response.status_code == 201
        assert response.json() | {**body, "state": "active", "origin": "written", "version": 1} == response.json()
        address = response["Location"].removeprefix("http://testserver")
        assert client.get(address).json() == response.json()
        changed = client.patch(address, {"expected": ["b"], "state": "retired"}, format="json").json()
        assert (changed["expected"], changed["state"], changed["version"]) == (["b"], "retired", 2)
        assert Case.objects.get().revisions.get().changed_by == client.user
        again = client.post(f"{SUITES}{suite.pk}/cases/", body, format="json")
        assert (fault(again), again.json()["errors"][0]["code"]) == ("query", "taken")
        drafted = client.post(f"{SUITES}{suite.pk}/cases/", {**body, "id": "d", "state": "draft"}, format="json").json()
        assert (drafted["id"], drafted["state"]) == ("d", "draft")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"query": ""}, "query"),
            ({"query": 5}, "query"),
            ({"query": "a\0"}, "query"),
            ({"input": []}, "input"),
            ({"filters": {"a": 5}}, "filters.a"),
            ({"tags": "a"}, "tags"),
            ({"tags": [""]}, "tags"),
            ({"group": "x" * 501}, "group"),
            ({"state": "gone"}, "state"),
            ({"colour": "red"}, "colour"),
            ({"origin": "file"}, "origin"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_changed(self, change: dict[str, Any], field: str) -> None:
        case = CaseFactory(input={})
        client = client_of()
        assert fault(client.patch(f"{CASES}{case.pk}/", change, format="json")) == field
        body = {"query": "new", "expected": [], **change}
        assert fault(client.post(f"{SUITES}{case.suite_id}/cases/", body, format="json")) == field
        assert not case.revisions.exists()
        assert Case.objects.count() == 1

    @pytest.mark.parametrize("value", ["[" * 300 + "]" * 300, "1e999", "1" + "0" * 30, '"\\u0000"', '"\\ud800"'])
    def test_what_cannot_be_kept_is_refused(self, value: str) -> None:
        path, client = f"{SUITES}{SuiteFactory().pk}/cases/", client_of()
        body = f'{{"query": "x", "expected": [], "input": {{"a": {value}}}}}'
        assert fault(client.post(path, body, content_type="application/json")) == "input"
        body = f'{{"cases": [{body}]}}'
        assert fault(client.post(f"{path}import/", body, content_type="application/json")).startswith("line 1")

    def test_a_question_about_a_nul_is_a_question(self) -> None:
        body = {"query": "what does \\u0000 mean", "expected": []}
        assert client_of().post(f"{SUITES}{SuiteFactory().pk}/cases/", body, format="json").status_code == 201

    def test_the_right_answers_must_be_said(self) -> None:
        response = client_of().post(f"{SUITES}{SuiteFactory().pk}/cases/", {"query": "x"}, format="json")
        assert fault(response) == "expected"

    def test_the_source_is_in_the_case_and_not_in_the_list(self) -> None:
        case = CaseFactory(source={"trace_id": "t"})
        client = client_of()
        assert client.get(f"{CASES}{case.pk}/").json()["source"] == {"trace_id": "t"}
        assert "source" not in client.get(f"{SUITES}{case.suite_id}/cases/").json()["results"][0]


class TestImport:
    def upload(self, suite: Suite, content: bytes, name: str = "cases.jsonl", **fields: Any) -> Any:
        body = {"file": SimpleUploadedFile(name, content), **fields}
        return client_of().post(f"{SUITES}{suite.pk}/cases/import/", body, format="multipart")

    def test_a_file(self) -> None:
        suite = SuiteFactory()
        response = self.upload(suite, b"id,query,expected\n1,x,a|gone\n", "cases.csv")
        assert response.status_code == 200
        assert response.json() | {"suite": suite.name, "created": 1, "unknown_answers": 1} == response.json()
        assert suite.cases.get().expected == ["a", "gone"]

    def test_records(self) -> None:
        suite = SuiteFactory()
        body = {"cases": [{"query": "größe", "expected": []}, {"id": 5, "query": "x", "expected": ["a"]}]}
        response = client_of().post(f"{SUITES}{suite.pk}/cases/import/", body, format="json")
        assert response.json()["created"] == 2
        assert set(suite.cases.values_list("query", flat=True)) == {"größe", "x"}
        body["cases"].append({"query": "\ud800", "expected": []})
        text = json.dumps(body)
        response = client_of().post(f"{SUITES}{suite.pk}/cases/import/", text, content_type="application/json")
        assert fault(response) == "line 3"

    @pytest.mark.parametrize(
        ("content", "name", "fields", "field"),
        [
            (b'{"query": "x"}\n{', "cases.jsonl", {}, "line 1: expected"),
            (b"{}", "cases.xlsx", {}, "file"),
            (b"\n", "cases.jsonl", {}, "file"),
            (b"{}", "cases.jsonl", {"colour": "red"}, "colour"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_changes(
        self, content: bytes, name: str, fields: dict[str, str], field: str
    ) -> None:
        suite = SuiteFactory()
        assert fault(self.upload(suite, content, name, **fields)) == field
        assert not suite.cases.exists()

    def test_a_file_that_is_too_large(self, settings: Settings) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
        response = self.upload(SuiteFactory(), b"x" * 2000)
        assert (response.status_code, response.json()["code"]) == (413, "too_large")

    def test_sent_twice_under_a_key_it_is_read_once(self) -> None:
        suite, client = SuiteFactory(), client_of()
        body = json.dumps({"cases": [{"query": "x", "expected": []}]})
        options = {"content_type": "application/json", "headers": {"Idempotency-Key": "k"}}
        answers = [client.post(f"{SUITES}{suite.pk}/cases/import/", body, **options).json() for _ in range(2)]
        assert answers[0] == answers[1]
        assert answers[1]["created"] == 1


class TestGenerate:
    def test_becomes_a_job(self) -> None:
        suite, client = SuiteFactory(), client_of()
        response = client.post(f"{SUITES}{suite.pk}/generate/", {"count": 5, "seed": 2}, format="json")
        assert response.status_code == 202
        job = Job.objects.get()
        assert response["Location"].endswith(f"/jobs/{job.pk}/")
        assert (job.kind, job.created_by) == ("evaluations.generate", client.user)
        assert job.params == {"suite": suite.pk, "count": 5, "seed": 2}

    @pytest.mark.parametrize("body", [{}, {"count": 0}, {"count": 1_000_000}, {"count": "many"}])
    def test_how_many_must_make_sense(self, body: dict[str, Any]) -> None:
        assert fault(client_of().post(f"{SUITES}{SuiteFactory().pk}/generate/", body, format="json")) == "count"
        assert not Job.objects.exists()


class TestFeedback:
    @pytest.fixture(autouse=True)
    def answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(targets.TRACES, "t1", {"query": "x", "filters": {}, "got": [], "trace": {}})

    def give(self, role: Role = Role.VIEWER, **changes: Any) -> Any:
        body = {"trace_id": "t1", "target": targets.NAME, "expected": ["a"], **changes}
        return client_of(role).post(FEEDBACK, body, format="json")

    def test_anybody_may_say_that_an_answer_is_wrong(self) -> None:
        response = self.give(note="look again")
        assert response.status_code == 201
        shown = response.json()
        assert shown | {"state": "draft", "origin": "feedback", "query": "x", "expected": ["a"]} == shown
        assert shown["source"]["trace_id"] == "t1"
        assert response["Location"].endswith(f"{CASES}{shown['key']}/")
        suite = SuiteFactory()
        assert self.give(suite=suite.pk).json()["suite"] == suite.pk

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"trace_id": "gone"}, "trace_id"),
            ({"trace_id": ""}, "trace_id"),
            ({"target": "none"}, "target"),
            ({"expected": "a"}, "expected"),
            ({"expected": None}, "expected"),
            ({"suite": 999_999}, "suite"),
            ({"suite": 10**30}, "suite"),
            ({"note": "x" * 3000}, "note"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_made(self, changes: dict[str, Any], field: str) -> None:
        assert fault(self.give(**changes)) == field
        assert not Case.objects.exists()


def test_suites_are_for_curators_to_make() -> None:
    assert client_of(Role.VIEWER).post(SUITES, {"name": "x"}, format="json").status_code == 403
