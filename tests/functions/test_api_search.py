"""Search, similar functions, traces and the index over the API, on a real index."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from apps.core.jobs.services import run_inline
from apps.core.models import Job, JobState
from apps.functions.models import Function, FunctionState
from apps.functions.services import indexing, live
from apps.users.roles import Role
from tests.api import client_of
from tests.functions.factories import FunctionFactory, LibraryFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

SEARCH = "/api/v1/functions/search/"
INDEX = "/api/v1/functions/index/"


@pytest.fixture(autouse=True)
def own_index(settings: Settings, tmp_path: Path) -> Any:
    settings.INDEX_DIR = tmp_path
    settings.INDEX_REFRESH_SECONDS = 0
    live.live_index.cache_clear()
    yield
    live.live_index.cache_clear()


@pytest.fixture
def functions() -> list[Function]:
    texts = LibraryFactory(name="texts")
    return [
        FunctionFactory(name="count_lines", external_id="texts.count_lines", library=texts),
        FunctionFactory(
            name="parse_date", library=texts, description="Parse a date out of text.", code="x", keywords=["date"]
        ),
        FunctionFactory(
            name="parseDate", language="javascript", description="Parse a date.", code="y", keywords=["date"]
        ),
        FunctionFactory(name="gone", description="Parse a date no more.", state=FunctionState.RETIRED),
    ]


def build() -> None:
    job = run_inline(kind=indexing.KIND, params={})
    assert job.state == JobState.SUCCEEDED, job.error


def search(query: str, **parameters: Any) -> Any:
    return client_of(Role.VIEWER).get(SEARCH, {"q": query, **parameters})


class TestSearch:
    def test_answers_as_documented(self, functions: list[Function]) -> None:
        build()
        body = search("count the lines of a file", library="texts", limit=5).json()
        assert set(body) == {
            "query", "answered", "confidence", "tier", "took_ms", "trace_id", "language", "results",
        }  # fmt: skip
        first = body["results"][0]
        assert set(first) == {
            "id", "key", "name", "qualified_name", "language", "library", "signature", "description", "score",
            "matched", "why",
        }  # fmt: skip
        assert (first["id"], first["key"], first["library"]) == ("texts.count_lines", functions[0].pk, "texts")
        assert (body["query"], body["language"]) == ("count the lines of a file", None)
        assert 0 <= body["confidence"] <= 1
        assert first["why"]

    def test_a_name_is_known_by_rule(self, functions: list[Function]) -> None:
        build()
        body = search("count_lines").json()
        assert (body["tier"], body["answered"], body["results"][0]["name"]) == ("rules", True, "count_lines")

    @pytest.mark.parametrize(
        ("query", "parameters", "language"),
        [
            ("parse a date", {"language": "js"}, "javascript"),
            ("parse a date in javascript", {}, "javascript"),
            ("parse a date", {"language": "python"}, "python"),
        ],
    )
    def test_the_language_given_or_said_filters(
        self, functions: list[Function], query: str, parameters: dict[str, str], language: str
    ) -> None:
        build()
        body = search(query, **parameters).json()
        assert body["language"] == language
        assert {row["language"] for row in body["results"]} == {language}

    def test_limits_and_library(self, functions: list[Function]) -> None:
        build()
        assert len(search("parse a date", limit=1).json()["results"]) == 1
        assert {row["library"] for row in search("parse a date", library="texts").json()["results"]} == {"texts"}

    def test_what_is_retired_is_not_found(self, functions: list[Function]) -> None:
        build()
        assert "gone" not in [row["name"] for row in search("parse a date no more").json()["results"]]

    def test_an_edit_over_the_api_is_found_at_once(self, functions: list[Function]) -> None:
        build()
        client = client_of()
        address = f"/api/v1/functions/{functions[1].pk}/"
        client.patch(address, {"description": "Read a calendar day written by people."}, format="json")
        assert client.get(SEARCH, {"q": "calendar day written by people"}).json()["results"][0]["name"] == "parse_date"
        client.post(f"{address}retire/")
        found = client.get(SEARCH, {"q": "calendar day written by people"}).json()["results"]
        assert "parse_date" not in [row["name"] for row in found]

    def test_before_anything_is_there(self) -> None:
        body = search("anything").json()
        assert (body["answered"], body["results"], body["confidence"]) == (False, [], 0.0)

    @pytest.mark.parametrize(
        ("parameters", "field"),
        [
            ({"q": ""}, "q"),
            ({"q": " \t"}, "q"),
            ({}, "q"),
            ({"q": "\x07"}, "q"),
            ({"q": "a\0b"}, "q"),
            ({"q": "x" * 100_000}, "q"),
            ({"q": "a", "limit": 0}, "limit"),
            ({"q": "a", "limit": 101}, "limit"),
            ({"q": "a", "limit": "abc"}, "limit"),
            ({"q": "a", "limit": -1}, "limit"),
            ({"q": "a", "limit": "9" * 40}, "limit"),
            ({"q": "a", "language": "klingon"}, "language"),
            ({"q": "a", "language": ""}, "language"),
            ({"q": "a", "library": "nowhere"}, "library"),
            ({"q": "a", "library": "a\0b"}, "library"),
            ({"q": "a", "lang": "python"}, "lang"),
            ({"q": "a", "page": 2}, "page"),
        ],
    )
    def test_what_cannot_be_asked_is_named(self, parameters: dict[str, Any], field: str) -> None:
        response = client_of().get(SEARCH, parameters)
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == field

    def test_a_query_of_the_longest_length(self, functions: list[Function]) -> None:
        build()
        assert search("file " * 400).status_code == 200

    @pytest.mark.parametrize("query", ["a\nb", "größe 文件 🎉", "<script>", "a%_'\"--", "in in in", "`" * 50])
    def test_any_other_text_is_an_answer(self, functions: list[Function], query: str) -> None:
        build()
        assert search(query).status_code == 200


class TestTrace:
    def test_says_how_the_answer_was_reached(self, functions: list[Function]) -> None:
        build()
        answer = search("count the lines of a file").json()
        trace = client_of(Role.ADMIN).get(f"/api/v1/traces/{answer['trace_id']}/").json()
        same = {key: answer[key] for key in ("query", "tier", "answered", "confidence", "trace_id")}
        assert trace | same == trace
        assert [step["tier"] for step in trace["steps"]][:2] == ["cache", "rules"]
        assert trace["results"][0] == functions[0].pk
        assert set(trace["steps"][0]) == {"tier", "outcome", "ms", "confidence", "cost", "reason"}

    @pytest.mark.parametrize("trace_id", ["0" * 32, "x", "x" * 2000])
    def test_none_there(self, trace_id: str) -> None:
        response = client_of(Role.ADMIN).get(f"/api/v1/traces/{trace_id}/")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


class TestSimilar:
    def test_functions_that_do_nearly_the_same(self, functions: list[Function]) -> None:
        build()
        body = client_of().get(f"/api/v1/functions/{functions[1].pk}/similar/?limit=2").json()
        names = [row["name"] for row in body["results"]]
        assert names[0] == "parseDate"
        assert "parse_date" not in names
        assert len(names) <= 2

    @pytest.mark.parametrize("limit", ["0", "101", "abc", ""])
    def test_a_limit_that_makes_no_sense(self, limit: str) -> None:
        response = client_of().get(f"/api/v1/functions/{FunctionFactory().pk}/similar/?limit={limit}")
        assert response.json()["errors"][0]["field"] == "limit"

    def test_of_one_that_is_not_there(self) -> None:
        assert client_of().get("/api/v1/functions/0/similar/").status_code == 404


class TestIndex:
    def test_before_the_first_build(self) -> None:
        FunctionFactory()
        body = client_of(Role.VIEWER).get(INDEX).json()
        wanted = {"generation": "", "documents": 0, "published": 1, "built_at": None, "is_current": False}
        assert body | wanted == body

    def test_after_a_build_and_an_edit(self, functions: list[Function]) -> None:
        build()
        body = client_of().get(INDEX).json()
        assert (body["documents"], body["published"]) == (3, 3)
        assert body["generation"]
        assert body["built_at"]

    def test_a_rebuild_is_a_job(self) -> None:
        client = client_of()
        response = client.post(f"{INDEX}rebuild/")
        job = Job.objects.get()
        assert (response.status_code, response.json()["id"]) == (202, job.pk)
        assert response["Location"].endswith(f"/api/v1/jobs/{job.pk}/")
        assert (job.kind, job.created_by) == ("functions.build_index", client.user)

    def test_one_that_waits_does_for_everybody(self) -> None:
        assert [client_of().post(f"{INDEX}rebuild/").json()["id"] for _ in range(2)] == [Job.objects.get().pk] * 2
