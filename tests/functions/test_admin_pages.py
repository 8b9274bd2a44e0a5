"""The back office's pages beside the list of functions, and its libraries."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from apps.core.models import Job
from apps.functions.models import Function, FunctionState, Library, Origin
from apps.functions.services import catalogue
from apps.users.models import User
from apps.users.roles import Role
from tests.functions.factories import FunctionFactory, LibraryFactory
from tests.functions.test_admin import FUNCTIONS, last_author
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

LIBRARIES = "/admin/functions/library/"


@pytest.fixture
def curator(client: Client) -> User:
    user = UserFactory(role=Role.CURATOR)
    client.force_login(user)
    return user


@pytest.fixture(autouse=True)
def folders(settings: Settings, tmp_path: Path) -> None:
    settings.UPLOADS_DIR = tmp_path / "uploads"
    settings.INDEX_DIR = tmp_path / "index"


class TestHistory:
    def test_shows_who_changed_what(
        self, client: Client, curator: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        function = FunctionFactory()
        catalogue.update_function(
            function=function, changes={"description": "Count."}, user_id=curator.pk, origin=Origin.PAGE, note="why"
        )
        with django_assert_num_queries(5):  # user, function, number of revisions, a page of them, the ones before
            page = client.get(f"{FUNCTIONS}{function.pk}/history/").content.decode()
        assert "-Count the lines of a file." in page
        assert "+Count." in page
        assert curator.email in page
        assert "why" in page

    def test_goes_back(self, client: Client, curator: User) -> None:
        function = FunctionFactory()
        catalogue.update_function(function=function, changes={"name": "other"}, user_id=None, origin=Origin.API)
        response = client.post(f"{FUNCTIONS}{function.pk}/restore/", {"number": 1}, follow=True)
        assert "is again what it was at revision 1" in response.content.decode()
        restored = Function.objects.get()
        assert restored.name == function.name
        assert last_author(restored) == (3, Origin.ADMIN, curator.pk)

    @pytest.mark.usefixtures("curator")
    @pytest.mark.parametrize("number", ["", "9", "x", "9" * 30])
    def test_a_revision_that_is_not_there(self, client: Client, number: str) -> None:
        function = FunctionFactory()
        page = client.post(f"{FUNCTIONS}{function.pk}/restore/", {"number": number}, follow=True).content.decode()
        assert "there is no revision" in page
        assert Function.objects.get().revision == 1

    @pytest.mark.usefixtures("curator")
    def test_a_function_that_is_not_there(self, client: Client) -> None:
        assert client.get(f"{FUNCTIONS}999999/history/").status_code == 302
        assert client.post(f"{FUNCTIONS}999999/restore/", {"number": 1}).status_code == 404

    @pytest.mark.usefixtures("curator")
    def test_a_link_restores_nothing(self, client: Client) -> None:
        assert client.get(f"{FUNCTIONS}{FunctionFactory().pk}/restore/").status_code == 405


@pytest.mark.usefixtures("curator")
class TestPages:
    def test_try_a_search(self, client: Client, settings: Settings) -> None:
        settings.INDEX_REFRESH_SECONDS = 0
        FunctionFactory(name="count_lines", library=LibraryFactory(name="texts"))
        response = client.get(f"{FUNCTIONS}try/?q=count+lines&language=python&library=texts&limit=5")
        assert [result.function.name for result in response.context["answer"].results] == ["count_lines"]
        page = response.content.decode()
        assert response.context["answer"].trace_id[:12] in page
        assert all(step["tier"] in page for step in response.context["answer"].steps)

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("q=%s" % ("x" * 3000), "q"),
            ("q=a&library=nowhere", "library"),
            ("q=a&language=klingon", "language"),
            ("q=a&limit=0", "limit"),
            ("q=a&limit=x", "limit"),
            ("q=a%00", "q"),
        ],
    )
    def test_a_search_that_cannot_be_made(self, client: Client, query: str, field: str) -> None:
        response = client.get(f"{FUNCTIONS}try/?{query}")
        assert field in response.context["form"].errors
        assert response.context["answer"] is None

    def test_before_the_first_query(self, client: Client) -> None:
        assert client.get(f"{FUNCTIONS}try/").context["answer"] is None
        assert client.get(f"{FUNCTIONS}try/?q=").context["answer"] is None

    def test_an_upload_becomes_a_job(self, client: Client, curator: User) -> None:
        file = SimpleUploadedFile("f.jsonl", b'{"name": "f", "language": "go", "code": "x"}')
        response = client.post(f"{FUNCTIONS}import/", {"file": file, "library": "texts", "strict": "on"})
        job = Job.objects.get()
        assert response["Location"] == f"/admin/core/job/{job.pk}/change/"
        assert (job.created_by, job.params["library"], job.params["strict"]) == (curator, "texts", True)

    @pytest.mark.parametrize(
        ("name", "library", "field"), [("f.png", "texts", "file"), ("f.jsonl", "", "library"), ("f.csv", "x", "file")]
    )
    def test_an_upload_that_cannot_be_imported(self, client: Client, name: str, library: str, field: str) -> None:
        file = SimpleUploadedFile(name, b"nothing that could be read")
        response = client.post(f"{FUNCTIONS}import/", {"file": file, "library": library})
        assert field in response.context["form"].errors
        assert not Job.objects.exists()

    def test_the_index_and_its_rebuild(
        self, client: Client, curator: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        FunctionFactory()
        client.get(f"{FUNCTIONS}index/")
        with django_assert_num_queries(5):  # user, three counts beside the index, its latest builds
            page = client.get(f"{FUNCTIONS}index/").content.decode()
        assert "Not built" in page
        response = client.post(f"{FUNCTIONS}index/rebuild/", follow=True)
        job = Job.objects.get()
        assert (job.kind, job.created_by) == ("functions.build_index", curator)
        assert f"as job {job.pk}" in response.content.decode()
        assert client.get(f"{FUNCTIONS}index/rebuild/").status_code == 405

    @pytest.mark.parametrize("page", ["", "try/", "import/", "index/"])
    def test_are_for_staff(self, client: Client, page: str) -> None:
        assert client.get(FUNCTIONS + page).status_code == 200
        client.force_login(UserFactory(role=Role.VIEWER))
        assert client.get(FUNCTIONS + page).status_code == 403


@pytest.mark.usefixtures("curator")
class TestLibraries:
    def test_with_how_much_they_hold(self, client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        for more in (1, 10):
            library = LibraryFactory(name=f"texts{more}")
            FunctionFactory.create_batch(more, library=library, state=FunctionState.DRAFT)
            client.get(LIBRARIES)
            with django_assert_num_queries(3):  # user, count, rows with their counts
                response = client.get(LIBRARIES)
        counts = {row.name: (row.functions_count, row.draft) for row in response.context["cl"].result_list}
        assert counts == {"texts1": (1, 1), "texts10": (10, 10)}
        assert f"{FUNCTIONS}?library__id__exact={library.pk}" in response.content.decode()

    def test_a_new_name_goes_into_the_index(self, client: Client) -> None:
        library = LibraryFactory(name="texts")
        client.post(f"{LIBRARIES}{library.pk}/change/", {"name": "texts", "description": "Words."})
        assert not Job.objects.exists()
        client.post(f"{LIBRARIES}{library.pk}/change/", {"name": "text", "description": "Words."})
        assert Job.objects.get().kind == "functions.build_index"
        library.refresh_from_db()
        assert (library.name, library.description) == ("text", "Words.")

    def test_only_an_empty_one_goes(self, client: Client) -> None:
        full, empty = FunctionFactory().library, LibraryFactory()
        assert client.post(f"{LIBRARIES}{full.pk}/delete/", {"post": "yes"}).status_code == 403
        assert client.post(f"{LIBRARIES}{empty.pk}/delete/", {"post": "yes"}).status_code == 302
        assert list(Library.objects.all()) == [full]
        assert "delete_selected" not in client.get(LIBRARIES).content.decode()

    def test_can_be_looked_up_by_part_of_the_name(self, client: Client) -> None:
        LibraryFactory(name="python-stdlib")
        query = "term=stdl&app_label=functions&model_name=function&field_name=library"
        assert client.get(f"/admin/autocomplete/?{query}").json()["results"][0]["text"] == "python-stdlib"
