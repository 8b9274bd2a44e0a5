import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from apps.functions.models import Function, FunctionEmbedding, FunctionState, Origin
from apps.functions.services import catalogue
from apps.inference.services import model_digest
from apps.users.models import User
from apps.users.roles import Role
from tests.functions.factories import FunctionFactory, LibraryFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

FUNCTIONS = "/admin/functions/function/"


@pytest.fixture
def curator(client: Client) -> User:
    user = UserFactory(role=Role.CURATOR)
    client.force_login(user)
    return user


@pytest.fixture(autouse=True)
def folders(settings: Settings, tmp_path: Path) -> None:
    settings.UPLOADS_DIR = tmp_path / "uploads"
    settings.INDEX_DIR = tmp_path / "index"


def names(response: Any) -> list[str]:
    assert response.status_code == 200
    return [function.name for function in response.context["cl"].result_list]


def fields_of(client: Client, path: str, **changes: Any) -> dict[str, Any]:
    """What a browser would send back: the form's fields as they are shown, with some changed."""
    form = client.get(path).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    inline = {"revisions-TOTAL_FORMS": 0, "revisions-INITIAL_FORMS": 0}
    prepared = {name: form.fields[name].prepare_value(value) for name, value in values.items() if value is not None}
    return {**prepared, **inline, **changes}


def act(client: Client, action: str, functions: list[Function], **data: Any) -> Any:
    keys = [function.pk for function in functions]
    return client.post(FUNCTIONS, {"action": action, "_selected_action": keys, **data}, follow=True)


def last_author(function: Function) -> tuple[int, str, int | None]:
    revision = function.revisions.first()
    assert revision is not None
    return revision.number, revision.origin, revision.changed_by_id


@pytest.mark.usefixtures("curator")
class TestList:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["drop", "keep"]),
            ("state__exact=draft", ["drop"]),
            ("language=rust", ["drop"]),
            ("library__id__exact={library}", ["drop"]),
            ("keywords=yes", ["keep"]),
            ("keywords=no", ["drop"]),
            ("description=yes", ["keep"]),
            ("description=no", ["drop"]),
            ("embedded=yes", ["keep"]),
            ("embedded=no", ["drop"]),
            ("q=KEE", ["keep"]),
            ("q=mem::", ["drop"]),
            ("q=lines+file", ["keep"]),
            ("q=nothing", []),
            ("keywords=no&state__exact=published", []),
            ("o=-1", ["keep", "drop"]),
        ],
    )
    def test_filters_and_search(self, client: Client, query: str, found: list[str]) -> None:
        keep = FunctionFactory(name="keep")
        digest = model_digest()
        FunctionEmbedding.objects.create(function=keep, model_digest=digest, content_digest="x", vector=[0.1] * 384)
        drop = FunctionFactory(
            name="drop",
            qualified_name="mem::drop",
            language="rust",
            state=FunctionState.DRAFT,
            keywords=[],
            description="",
        )
        assert names(client.get(f"{FUNCTIONS}?{query.format(library=drop.library_id)}")) == found

    def test_a_filter_that_makes_no_sense_is_dropped(self, client: Client) -> None:
        FunctionFactory()
        for query in ("library__id__exact=x", "nonsense=1"):
            assert client.get(f"{FUNCTIONS}?{query}").status_code == 302
        assert names(client.get(f"{FUNCTIONS}?keywords=perhaps")) != []

    def test_costs_as_many_queries_for_many_as_for_one(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for more in (1, 20):
            library = FunctionFactory.create_batch(more)[0].library
            client.get(FUNCTIONS)
            with django_assert_num_queries(4):  # user, languages, count, rows with library and whether embedded
                client.get(FUNCTIONS)
            with django_assert_num_queries(6):  # and the library that is filtered by, checked and shown
                client.get(f"{FUNCTIONS}?library__id__exact={library.pk}&embedded=no&keywords=yes&q=count")

    def test_the_long_texts_are_not_loaded(self, client: Client) -> None:
        FunctionFactory()
        [function] = client.get(FUNCTIONS).context["cl"].result_list
        assert {"code", "usage"} <= function.get_deferred_fields()


class TestBulk:
    def test_retire_and_publish(self, client: Client, curator: User) -> None:
        functions = FunctionFactory.create_batch(3)
        FunctionFactory(name="other")
        page = act(client, "retire_selected", functions).content.decode()
        assert "3 of 3 are retired now." in page
        assert Function.objects.filter(state=FunctionState.RETIRED).count() == 3
        assert last_author(functions[0]) == (2, Origin.ADMIN, curator.pk)
        page = act(client, "publish_selected", functions[:2]).content.decode()
        assert "2 of 2 are published now." in page
        assert (
            "1 of 3 are published now. 2 were published before."
            in act(client, "publish_selected", functions).content.decode()
        )

    def test_all_that_a_filter_finds(self, client: Client, curator: User) -> None:
        found = FunctionFactory.create_batch(60, language="go")
        FunctionFactory.create_batch(2)
        data = {"action": "retire_selected", "_selected_action": [found[0].pk], "select_across": "1"}
        client.post(f"{FUNCTIONS}?language=go", data)
        assert Function.objects.filter(state=FunctionState.RETIRED).count() == 60

    def test_keywords_are_asked_for_and_changed(self, client: Client, curator: User) -> None:
        functions = [FunctionFactory(keywords=["file", "old"]), FunctionFactory(keywords=["new, one"])]
        page = act(client, "retag_selected", functions)
        assert page.context["count"] == 2
        assert "Change 2 functions" in page.content.decode()
        done = act(client, "retag_selected", functions, apply="1", add="text, file", remove="old")
        assert "2 of 2 are tagged anew." in done.content.decode()
        assert [Function.objects.get(pk=row.pk).keywords for row in functions] == [
            ["file", "text"],
            ["new, one", "text", "file"],
        ]
        assert last_author(functions[0]) == (2, Origin.ADMIN, curator.pk)

    @pytest.mark.usefixtures("curator")
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            ({}, "Name a keyword"),
            ({"add": " , "}, "Name a keyword"),
            ({"add": "a", "remove": "a"}, "both added and removed"),
            ({"add": "x" * 101}, "keywords: has one of 101 characters"),
            ({"add": "a\x07b"}, "U+0007"),
            ({"add": "a\0b"}, "U+0000"),
        ],
    )
    def test_keywords_that_cannot_be_change_nothing(self, client: Client, data: dict[str, str], reason: str) -> None:
        functions = FunctionFactory.create_batch(2)
        page = act(client, "retag_selected", functions, apply="1", **data)
        assert reason in page.content.decode()
        assert not Function.objects.filter(revision__gt=1).exists()

    @pytest.mark.usefixtures("curator")
    def test_export_jsonl(self, client: Client) -> None:
        functions = [FunctionFactory(name=name, library=LibraryFactory(name="texts")) for name in ("a", "b")]
        FunctionFactory()
        response = act(client, "export_jsonl", functions)
        assert response["Content-Disposition"] == 'attachment; filename="functions.jsonl"'
        lines = b"".join(response.streaming_content).decode().splitlines()
        assert [json.loads(line)["name"] for line in lines] == ["a", "b"]
        assert json.loads(lines[0])["library"] == "texts"

    @pytest.mark.usefixtures("curator")
    def test_export_csv(self, client: Client) -> None:
        response = act(client, "export_csv", [FunctionFactory(name="a", keywords=["x", "y"])])
        [row] = csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode()))
        assert (row["name"], row["keywords"]) == ("a", "x, y")

    def test_deleting_is_for_admins(self, client: Client, curator: User) -> None:
        function = FunctionFactory()
        assert "delete_selected" not in client.get(FUNCTIONS).content.decode()
        assert client.post(f"{FUNCTIONS}{function.pk}/delete/", {"post": "yes"}).status_code == 403
        act(client, "delete_selected", [function], post="yes")
        assert Function.objects.exists()
        client.force_login(UserFactory(role=Role.ADMIN))
        assert client.post(f"{FUNCTIONS}{function.pk}/delete/", {"post": "yes"}).status_code == 302
        assert not Function.objects.exists()


class TestForm:
    def test_an_edit_makes_a_revision_of_who_and_why(self, client: Client, curator: User) -> None:
        function = FunctionFactory()
        path = f"{FUNCTIONS}{function.pk}/change/"
        changes = {"description": "Count.\r\nAll of them.", "keywords": "file\r\none, two", "note": "shorter"}
        assert client.post(path, fields_of(client, path, **changes)).status_code == 302
        function.refresh_from_db()
        assert (function.description, function.keywords) == ("Count.\nAll of them.", ["file", "one, two"])
        assert last_author(function) == (2, Origin.ADMIN, curator.pk)
        revision = function.revisions.first()
        assert revision.note == "shorter"
        previous = function.revisions.get(number=1)
        changed = {change.field for change in catalogue.diff_revisions(previous, revision)}
        assert changed == {"description", "keywords"}

    @pytest.mark.usefixtures("curator")
    def test_saving_what_is_there_changes_nothing(self, client: Client) -> None:
        code = "    def f(self):\n        return 1"
        function = FunctionFactory(code=code, keywords=["one, two"], usage="f()\n  g()", popularity=0.25, line=7)
        before = function.as_data()
        path = f"{FUNCTIONS}{function.pk}/change/"
        data = fields_of(client, path)
        data = {name: value.replace("\n", "\r\n") if isinstance(value, str) else value for name, value in data.items()}
        assert client.post(path, data).status_code == 302
        function.refresh_from_db()
        assert function.revision == 1
        assert function.as_data() == before

    @pytest.mark.usefixtures("curator")
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "a\x07b"}, "name"),
            ({"name": "x" * 301}, "name"),
            ({"language": "klingon"}, "language"),
            ({"description": "", "code": ""}, "description"),
            ({"keywords": "x" * 101}, "keywords"),
            ({"popularity": "inf"}, "popularity"),
            ({"popularity": "many"}, "popularity"),
            ({"line": "0"}, "line"),
            ({"state": "gone"}, "state"),
            ({"code": "a\0b"}, "code"),
            ({"note": "x" * 301}, "note"),
        ],
    )
    def test_what_is_wrong_is_shown_at_its_field(self, client: Client, changes: dict[str, str], field: str) -> None:
        function = FunctionFactory()
        path = f"{FUNCTIONS}{function.pk}/change/"
        response = client.post(path, fields_of(client, path, **{"action": "count", **changes}))
        assert response.status_code == 200
        assert field in response.context["adminform"].form.errors
        function.refresh_from_db()
        assert (function.revision, function.action) == (1, "")

    def test_nobodys_edit_is_overwritten_unseen(self, client: Client, curator: User) -> None:
        function = FunctionFactory()
        path = f"{FUNCTIONS}{function.pk}/change/"
        data = fields_of(client, path, action="count")
        catalogue.update_function(function=function, changes={"complexity": "O(n)"}, user_id=None, origin=Origin.API)
        response = client.post(path, data)
        form = response.context["adminform"].form
        assert "Somebody changed it meanwhile" in form.non_field_errors()[0]
        assert form["action"].value() == "count"
        again = {**data, "opened_revision": form["opened_revision"].value(), "complexity": "O(1)"}
        assert client.post(path, again).status_code == 302
        function.refresh_from_db()
        assert (function.revision, function.action, function.complexity) == (3, "count", "O(1)")

    @pytest.mark.usefixtures("curator")
    def test_somebody_quicker_between_check_and_save(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        function = FunctionFactory()
        path = f"{FUNCTIONS}{function.pk}/change/"
        data = fields_of(client, path, action="count")
        monkeypatch.setattr("apps.functions.admin_forms.FunctionForm._check_revision", lambda form: None)
        catalogue.update_function(function=function, changes={"complexity": "O(n)"}, user_id=None, origin=Origin.API)
        page = client.post(path, data, follow=True).content.decode()
        assert "Nothing was saved." in page
        function.refresh_from_db()
        assert (function.revision, function.action) == (2, "")

    def test_a_new_one(self, client: Client, curator: User) -> None:
        library = LibraryFactory(name="texts")
        path = f"{FUNCTIONS}add/"
        values = {"library": library.pk, "name": "trim", "language": "go", "code": "func trim() {}", "keywords": "text"}
        response = client.post(path, fields_of(client, path, **values))
        assert response.status_code == 302
        function = Function.objects.get()
        assert (function.name, function.external_id, function.keywords) == ("trim", "go:trim", ["text"])
        assert last_author(function) == (1, Origin.ADMIN, curator.pk)

    @pytest.mark.usefixtures("curator")
    @pytest.mark.parametrize("external_id", ["", "python:trim"])
    def test_an_id_is_taken_once_a_library(self, client: Client, external_id: str) -> None:
        library = LibraryFactory()
        FunctionFactory(library=library, external_id="python:trim")
        path = f"{FUNCTIONS}add/"
        values = {"library": library.pk, "name": "trim", "language": "python", "code": "x", "external_id": external_id}
        response = client.post(path, fields_of(client, path, **values))
        assert "has a function with the id python:trim already" in response.content.decode()
        assert Function.objects.count() == 1

    @pytest.mark.usefixtures("curator")
    def test_costs_a_fixed_number_of_queries(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for revisions in (1, 30):
            function = FunctionFactory(revisions=revisions, revision=revisions)
            client.get(f"{FUNCTIONS}{function.pk}/change/")
            # User, function, and of its revisions the number, a page of keys, and the page with authors.
            with django_assert_num_queries(5):
                client.get(f"{FUNCTIONS}{function.pk}/change/")
