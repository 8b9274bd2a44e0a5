import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from apps.functions.models import Function, FunctionState, Library, Origin
from apps.users.roles import Role
from tests.api import FUNCTIONS, RECORD, client_of, fault, names, url
from tests.functions.factories import FunctionFactory, LibraryFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class TestList:
    def test_by_name_without_the_long_texts(self) -> None:
        FunctionFactory(name="beta")
        FunctionFactory(name="alpha", state=FunctionState.DRAFT, library=LibraryFactory(name="lib"), external_id="a.b")
        response = client_of(Role.VIEWER).get(FUNCTIONS)
        assert names(response) == ["alpha", "beta"]
        row = response.json()["results"][0]
        assert (row["id"], row["library"], row["state"], row["keywords"]) == ("a.b", "lib", "draft", ["file", "lines"])
        assert row["key"] == Function.objects.get(name="alpha").pk
        assert not {"code", "usage"} & set(row)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("language=python", ["sort_rows"]),
            ("language=py", ["sort_rows"]),
            ("language=rust", ["swap"]),
            ("library=rows", ["sort_rows"]),
            ("state=draft", ["swap"]),
            ("keyword=order", ["sort_rows"]),
            ("keyword=ord", []),
            ("q=SORT", ["sort_rows"]),
            ("q=mem::", ["swap"]),
            ("q=%25", []),
            ("action=sort", ["sort_rows"]),
            ("data_type=table", ["sort_rows"]),
            ("language=rust&state=published", []),
            ("ordering=-popularity", ["swap", "sort_rows"]),
            ("ordering=popularity", ["sort_rows", "swap"]),
            ("ordering=-name", ["swap", "sort_rows"]),
            ("ordering=updated", ["sort_rows", "swap"]),
            ("page_size=1&page=2", ["swap"]),
        ],
    )
    def test_filters_and_orders(self, query: str, found: list[str]) -> None:
        FunctionFactory(
            name="sort_rows",
            library=LibraryFactory(name="rows"),
            keywords=["order", "table"],
            action="sort",
            data_type="table",
            popularity=1,
        )
        FunctionFactory(
            name="swap", qualified_name="std::mem::swap", language="rust", state=FunctionState.DRAFT, popularity=2
        )
        assert names(client_of().get(f"{FUNCTIONS}?{query}")) == found

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("state=gone", "state"),
            ("library=nowhere", "library"),
            ("language=klingon", "language"),
            ("ordering=code", "ordering"),
            ("ordering=-", "ordering"),
            ("lang=python", "lang"),
            ("q=a%00", "q"),
            ("keyword=%00", "keyword"),
            ("library=%00", "library"),
            ("page_size=201", "page_size"),
            ("page=0", "page"),
        ],
    )
    def test_what_cannot_be_asked_is_named(self, query: str, field: str) -> None:
        FunctionFactory()
        assert fault(client_of().get(f"{FUNCTIONS}?{query}")) == field

    def test_pages_neither_repeat_nor_lose_a_row(self) -> None:
        for _ in range(5):
            FunctionFactory(name="same", library=LibraryFactory(), popularity=1)
        client = client_of()
        pages = [client.get(f"{FUNCTIONS}?ordering=-popularity&page_size=2&page={page}").json() for page in (1, 2, 3)]
        keys = [row["key"] for page in pages for row in page["results"]]
        assert sorted(keys) == sorted(Function.objects.values_list("pk", flat=True))
        assert pages[0]["previous"] is None
        assert pages[2]["next"] is None

    def test_costs_as_many_queries_for_many_as_for_one(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client = client_of()
        library = FunctionFactory().library
        client.get(FUNCTIONS)
        for number in (0, 20):
            FunctionFactory.create_batch(number)
            with django_assert_num_queries(3):  # user, count, rows with their libraries
                client.get(f"{FUNCTIONS}?page_size=100")
            with django_assert_num_queries(4):  # and the library that is filtered by
                client.get(f"{FUNCTIONS}?library={library}&page_size=100")


class TestCreate:
    def test_makes_it_with_its_library_and_first_revision(self) -> None:
        client = client_of()
        body = {**RECORD, "keywords": ["file"], "popularity": 3.5, "line": 7, "state": "draft", "code": "  x = 1\n"}
        response = client.post(FUNCTIONS, body, format="json")
        assert response.status_code == 201
        function = Function.objects.get()
        shown = response.json()
        assert response["Location"].endswith(url(function))
        assert response["ETag"] == f'"{function.pk}-1"'
        assert shown | {**body, "code": "  x = 1", "key": function.pk, "revision": 1} == shown
        revision = function.revisions.get()
        assert (revision.origin, revision.changed_by, revision.number) == (Origin.API, client.user, 1)
        assert client.get(response["Location"]).json() == shown

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"name": None}, "name"),
            ({"name": ""}, "name"),
            ({"name": "  "}, "name"),
            ({"name": 5}, "name"),
            ({"name": "a\0b"}, "name"),
            ({"name": "a\x1bb"}, "name"),
            ({"name": "\ud800"}, "name"),
            ({"name": "x" * 301}, "name"),
            ({"language": "klingon"}, "language"),
            ({"language": ""}, "language"),
            ({"library": ""}, "library"),
            ({"library": "a\x07"}, "library"),
            ({"library": "x" * 201}, "library"),
            ({"description": ""}, "description"),
            ({"description": ["a"]}, "description"),
            ({"code": "\0"}, "code"),
            ({"keywords": "file, lines"}, "keywords"),
            ({"keywords": [5]}, "keywords.0"),
            ({"keywords": ["x" * 101]}, "keywords"),
            ({"keywords": [f"word{n}" for n in range(101)]}, "keywords"),
            ({"popularity": "many"}, "popularity"),
            ({"popularity": 1e999}, "popularity"),
            ({"line": 0}, "line"),
            ({"line": 2**40}, "line"),
            ({"line": 1.5}, "line"),
            ({"state": "gone"}, "state"),
            ({"id": "x" * 501}, "id"),
            ({"key": 5}, "key"),
            ({"revision": 5}, "revision"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_made(self, change: dict[str, Any], field: str) -> None:
        body = json.dumps({**RECORD, **change}).replace("Infinity", "1e999")
        response = client_of().post(FUNCTIONS, body, content_type="application/json")
        assert fault(response) == field
        assert not Function.objects.exists()
        assert not Library.objects.exists()

    @pytest.mark.parametrize("left_out", ["name", "language", "library", "description"])
    def test_what_is_required(self, left_out: str) -> None:
        body = {key: value for key, value in RECORD.items() if key != left_out}
        assert fault(client_of().post(FUNCTIONS, body, format="json")) == left_out

    def test_an_id_is_taken_once_a_library(self) -> None:
        FunctionFactory(library=LibraryFactory(name="texts"), external_id="read")
        client = client_of()
        response = client.post(FUNCTIONS, {**RECORD, "id": "read"}, format="json")
        assert fault(response) == "id"
        assert response.json()["errors"][0]["code"] == "duplicate"
        assert client.post(FUNCTIONS, {**RECORD, "id": "read", "library": "other"}, format="json").status_code == 201

    @pytest.mark.parametrize("body", ["{", "", '{"name": NaN}', "[" * 100_000, b"\xff"])
    def test_a_body_that_is_no_json(self, body: str | bytes) -> None:
        response = client_of().post(FUNCTIONS, body, content_type="application/json")
        assert (response.status_code, response.json()["code"]) in ((400, "parse_error"), (400, "invalid"))
        assert response["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("body", ["[]", "5", "null", '"text"'])
    def test_json_that_is_no_object(self, body: str) -> None:
        response = client_of().post(FUNCTIONS, body, content_type="application/json")
        assert (response.status_code, response.json()["code"]) == (400, "invalid")

    def test_a_body_of_another_kind(self) -> None:
        response = client_of().post(FUNCTIONS, "name=x", content_type="text/plain")
        assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")

    def test_a_body_that_is_too_large(self, settings: Settings) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
        response = client_of().post(FUNCTIONS, {**RECORD, "code": "x" * 1000}, format="json")
        assert (response.status_code, response.json()["code"]) == (413, "too_large")

    def test_sent_twice_under_a_key_one_is_made(self) -> None:
        client = client_of()
        answers = [client.post(FUNCTIONS, RECORD, format="json", headers={"Idempotency-Key": "k"}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        assert answers[0]["ETag"] == answers[1]["ETag"]
        assert Function.objects.count() == 1
        other = client.post(FUNCTIONS, {**RECORD, "name": "b"}, format="json", headers={"Idempotency-Key": "k"})
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


class TestRetrieve:
    def test_whole(self) -> None:
        function = FunctionFactory(usage="count_lines('x')")
        response = client_of(Role.VIEWER).get(url(function))
        body = response.json()
        assert (body["code"], body["usage"], body["key"]) == (function.code, "count_lines('x')", function.pk)
        assert response["ETag"] == f'"{function.pk}-1"'

    @pytest.mark.parametrize("key", ["0", "9" * 30, "x", "-1"])
    def test_none_there(self, key: str) -> None:
        response = client_of().get(f"{FUNCTIONS}{key}/")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")

    def test_takes_no_parameters(self) -> None:
        assert fault(client_of().get(url(FunctionFactory()) + "?fields=name")) == "fields"


class TestEdit:
    def test_changes_what_was_sent_and_notes_who(self) -> None:
        client, function = client_of(), FunctionFactory()
        response = client.patch(url(function), {"description": "Count.", "note": "shorter"}, format="json")
        assert response.status_code == 200
        assert response.json() | {"description": "Count.", "code": function.code, "revision": 2} == response.json()
        assert response["ETag"] == f'"{function.pk}-2"'
        revision = function.revisions.first()
        assert (revision.note, revision.changed_by, revision.origin) == ("shorter", client.user, Origin.API)

    def test_nothing_new_makes_no_revision(self) -> None:
        function = FunctionFactory()
        response = client_of().patch(url(function), {"description": function.description}, format="json")
        assert response.json()["revision"] == 1

    @pytest.mark.parametrize("tag", ['"{pk}-1"', "*", '"x", "{pk}-1"'])
    def test_goes_through_at_the_revision_meant(self, tag: str) -> None:
        function = FunctionFactory()
        headers = {"If-Match": tag.format(pk=function.pk)}
        assert client_of().patch(url(function), {"action": "count"}, format="json", headers=headers).status_code == 200

    @pytest.mark.parametrize("tag", ['"{pk}-2"', 'W/"{pk}-1"', "", "nonsense", '"1"'])
    @pytest.mark.parametrize(
        ("method", "action", "body"),
        [
            ("patch", "", {"action": "count"}),
            ("post", "retire/", None),
            ("post", "publish/", None),
            ("post", "restore/", {"number": 1}),
        ],
    )
    def test_is_refused_at_any_other(self, tag: str, method: str, action: str, body: Any) -> None:
        function = FunctionFactory(state=FunctionState.DRAFT)
        headers = {"If-Match": tag.format(pk=function.pk)}
        response = getattr(client_of(), method)(url(function, action), body, format="json", headers=headers)
        assert (response.status_code, response.json()["code"]) == (412, "precondition_failed")
        function.refresh_from_db()
        assert (function.revision, function.state, function.action) == (1, "draft", "")

    @pytest.mark.django_db(transaction=True)
    def test_of_two_edits_of_one_revision_one_wins(self) -> None:
        function = FunctionFactory()
        clients = [client_of(), client_of()]
        ready = threading.Barrier(len(clients))

        def edit(client: APIClient, text: str) -> int:
            ready.wait()
            headers = {"If-Match": f'"{function.pk}-1"'}
            try:
                return client.patch(url(function), {"description": text}, format="json", headers=headers).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(len(clients)) as pool:
            statuses = list(pool.map(edit, clients, ["one", "two"]))
        assert sorted(statuses) == [200, 412]
        winner = ["one", "two"][statuses.index(200)]
        function.refresh_from_db()
        assert (function.revision, function.description) == (2, winner)

    def test_a_stale_revision_in_the_body_is_a_conflict(self) -> None:
        function = FunctionFactory(revision=3)
        response = client_of().patch(url(function), {"action": "count", "revision": 2}, format="json")
        assert (response.status_code, response.json()["code"]) == (409, "stale_revision")
        assert client_of().patch(url(function), {"action": "count", "revision": 3}, format="json").status_code == 200

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"library": "other"}, "library"),
            ({"id": "other"}, "id"),
            ({"colour": "red"}, "colour"),
            ({"name": ""}, "name"),
            ({"language": "klingon"}, "language"),
            ({"description": "", "code": ""}, "description"),
            ({"state": "gone"}, "state"),
            ({"revision": 0}, "revision"),
            ({"note": "x" * 301}, "note"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_changed(self, change: dict[str, Any], field: str) -> None:
        function = FunctionFactory()
        assert fault(client_of().patch(url(function), {"action": "count", **change}, format="json")) == field
        function.refresh_from_db()
        assert (function.revision, function.action) == (1, "")

    def test_put_and_delete_are_not_there(self) -> None:
        function = FunctionFactory()
        for method in ("put", "delete"):
            assert getattr(client_of(Role.ADMIN), method)(url(function)).status_code == 405


class TestState:
    def test_retired_and_published_again(self) -> None:
        client, function = client_of(), FunctionFactory()
        retired = client.post(url(function, "retire/"))
        assert (retired.json()["state"], retired.json()["revision"]) == ("retired", 2)
        assert retired["ETag"] == f'"{function.pk}-2"'
        again = client.post(url(function, "retire/"))
        assert (again.status_code, again.json()["revision"]) == (200, 2)
        assert client.post(url(function, "publish/")).json()["state"] == "published"
        assert list(function.revisions.values_list("number", "changed_by")) == [
            (3, client.user.pk),
            (2, client.user.pk),
            (1, None),
        ]


class TestLibraries:
    def test_with_how_much_they_hold(self) -> None:
        library = LibraryFactory(name="beta", description="Texts.")
        FunctionFactory(library=library)
        FunctionFactory(library=library, state=FunctionState.RETIRED)
        LibraryFactory(name="alpha")
        body = client_of(Role.VIEWER).get("/api/v1/libraries/").json()
        assert [row["name"] for row in body["results"]] == ["alpha", "beta"]
        assert body["results"][1] | {"functions": 2, "published": 1, "draft": 0, "retired": 1} == body["results"][1]
        assert names(client_of().get("/api/v1/libraries/?q=BET")) == ["beta"]

    def test_costs_as_many_queries_for_many_as_for_one(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client = client_of()
        for number in (1, 10):
            FunctionFactory.create_batch(number)
            client.get("/api/v1/libraries/")
            with django_assert_num_queries(3):  # user, count, rows
                client.get("/api/v1/libraries/")


@pytest.mark.parametrize(
    "path", [FUNCTIONS, "/api/v1/functions/search/", "/api/v1/libraries/", "/api/v1/functions/index/rebuild/"]
)
def test_a_wrong_method_is_told_so(path: str) -> None:
    response = client_of().delete(path)
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
