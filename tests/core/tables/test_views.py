import pytest
from django.test import Client
from django.urls import reverse

from apps.core.tables import services
from apps.core.tables.models import SavedView
from apps.users.models import User
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

JOBS = "core:jobs"


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def user() -> User:
    return UserFactory(role=Role.CURATOR)


@pytest.fixture
def client(user) -> Client:
    return sign_in(user)


def save(client: Client, **fields: str):
    sent = {"path": reverse(JOBS), "query": "state=failed&columns=job,took", "name": "Failed ones", **fields}
    return client.post(reverse("core:save_view"), sent, follow=True)


def make(owner: User, **fields) -> SavedView:
    return SavedView.objects.create(**{"owner": owner, "page": JOBS, "name": "Mine", "query": "state=failed", **fields})


class TestSave:
    def test_keeps_what_is_seen(self, client, user):
        response = save(client)
        view = SavedView.objects.get()
        assert (view.owner, view.page, view.name, view.query) == (
            user, JOBS, "Failed ones", "state=failed&columns=job,took",
        )  # fmt: skip
        assert response.redirect_chain[0][0] == f"{reverse(JOBS)}?state=failed&columns=job,took"
        assert "is kept" in response.content.decode()
        assert not view.shared
        assert not view.is_default

    def test_the_same_name_again_replaces_it(self, client):
        save(client)
        save(client, query="state=running")
        assert SavedView.objects.get().query == "state=running"

    @pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\0b"])
    def test_a_name_that_is_none(self, client, name):
        assert "name" in save(client, name=name).content.decode()
        assert not SavedView.objects.exists()

    def test_a_query_that_is_too_long(self, client, user):
        save(client, query=f"q={'x' * 2001}")
        assert not SavedView.objects.exists()

    def test_there_is_a_limit(self, client, user, monkeypatch):
        monkeypatch.setattr(services, "MOST", 2)
        for name in ("a", "b", "c"):
            response = save(client, name=name)
        assert "one too many" in response.content.decode()
        assert SavedView.objects.count() == 2
        save(client, name="a", query="state=running")
        assert SavedView.objects.get(name="a").query == "state=running"

    @pytest.mark.parametrize("path", ["", "//evil.example/", "https://evil.example/", "/nowhere/", "/jobs/?x=1", "\n/"])
    def test_leads_nowhere_else(self, client, path):
        response = client.post(reverse("core:save_view"), {"path": path, "name": "x", "query": ""})
        assert response.url == "/"
        assert not SavedView.objects.exists()

    def test_only_who_may_share_shares(self, client):
        save(client, shared="yes")
        assert SavedView.objects.get().shared
        viewer = sign_in(UserFactory(role=Role.VIEWER))
        save(viewer, shared="yes", path=reverse("evaluations:suites"))
        assert not SavedView.objects.get(owner__role=Role.VIEWER).shared


class TestOpen:
    def test_it_is_in_the_list_and_shared_ones_are_too(self, client, user):
        make(user, name="My failed ones")
        make(UserFactory(full_name="Ann Other"), name="Slow ones", shared=True)
        make(UserFactory(), name="Secret ones")
        page = client.get(reverse(JOBS)).content.decode()
        assert "My failed ones" in page
        assert "Slow ones" in page
        assert "of Ann Other" in page
        assert "Secret ones" not in page

    def test_one_opens_first(self, client, user):
        save(client, is_default="yes")
        response = client.get(reverse(JOBS))
        assert response.url == f"{reverse(JOBS)}?state=failed&columns=job,took"
        assert client.get(f"{reverse(JOBS)}?sort=-job").status_code == 200
        assert client.get(reverse(JOBS), headers={"HX-Request": "true", "HX-Target": "results"}).status_code == 200

    @pytest.mark.parametrize("query", ["", "&", "&&"])
    def test_one_that_says_nothing_leads_nowhere(self, client, user, query):
        make(user, query=query, is_default=True)
        assert client.get(reverse(JOBS)).status_code == 200

    def test_others_defaults_are_not_mine(self, client):
        make(UserFactory(), shared=True, is_default=True)
        assert client.get(reverse(JOBS)).status_code == 200


class TestOwn:
    def post(self, client, route, view, **sent):
        return client.post(reverse(f"core:{route}", args=[view.pk]), {"path": reverse(JOBS), **sent}, follow=True)

    def test_renames(self, client, user):
        view, _ = make(user), make(user, name="Other")
        self.post(client, "rename_view", view, name=" New  name ")
        view.refresh_from_db()
        assert view.name == "New name"
        assert "name of another view" in self.post(client, "rename_view", view, name="Other").content.decode()

    def test_only_one_is_first(self, client, user):
        view, other = make(user), make(user, name="Other", is_default=True)
        self.post(client, "set_default_view", view, is_default="yes")
        other.refresh_from_db()
        view.refresh_from_db()
        assert (view.is_default, other.is_default) == (True, False)
        self.post(client, "set_default_view", view, is_default="no")
        assert not SavedView.objects.filter(is_default=True).exists()

    def test_shares_and_deletes(self, client, user):
        view = make(user)
        self.post(client, "share_view", view, shared="yes")
        view.refresh_from_db()
        assert view.shared
        self.post(client, "delete_view", view)
        assert not SavedView.objects.exists()

    @pytest.mark.parametrize("name", ["rename_view", "set_default_view", "share_view", "delete_view"])
    def test_others_are_not_there(self, name):
        view = make(UserFactory(), shared=True)
        admin = sign_in(UserFactory(role=Role.ADMIN))
        assert self.post(admin, name, view, name="x").status_code == 404
        assert SavedView.objects.filter(pk=view.pk, name="Mine").exists()

    def test_viewers_share_nothing(self):
        viewer = UserFactory(role=Role.VIEWER)
        assert self.post(sign_in(viewer), "share_view", make(viewer), shared="yes").status_code == 403
