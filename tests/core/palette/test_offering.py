from unittest.mock import patch

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.core.palette import offering
from apps.core.palette.offering import MOST_TYPED, offer, register_lookup
from apps.core.palette.options import Option
from apps.users.models import User
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

HOSTILE = "<script>alert(1)</script>"
ASKED: list[str] = []


def look_up_sample(query: str, user: User) -> list[Option]:
    ASKED.append(query)
    return [Option(title=HOSTILE, icon="code", href="/x/", note=user.role)]


@pytest.fixture
def _sample(monkeypatch):
    monkeypatch.setattr(offering, "_lookups", {})
    ASKED.clear()
    register_lookup("Samples", f"{__name__}.look_up_sample")


def titles(role: Role, query: str) -> list[str]:
    return [option.title for group in offer(user=UserFactory(role=role), query=query) for option in group.options]


class TestOffer:
    def test_without_a_query_it_is_what_one_may_open_and_do(self):
        curator, viewer = titles(Role.CURATOR, ""), titles(Role.VIEWER, "")
        assert {"Search", "Sweeps", "Import", "Jobs", "Write a function", "Sign out"} <= set(curator)
        assert {"Search", "Sweeps", "API docs", "Sign out"} <= set(viewer)
        assert not {"Import", "Write a function", "Admin", "New suite"} & set(viewer)

    def test_the_start_of_any_word_finds_it(self):
        assert titles(Role.CURATOR, "wri fun")[0] == "Write a function"
        assert "Sweeps" in titles(Role.CURATOR, "SUITES")

    def test_what_a_title_begins_with_comes_first(self):
        assert titles(Role.CURATOR, "search")[0] == "Search"

    @pytest.mark.usefixtures("_sample")
    def test_apps_look_up_what_was_typed(self):
        assert titles(Role.VIEWER, "  zzz ") == [HOSTILE]
        assert ASKED == ["zzz"]

    @pytest.mark.usefixtures("_sample")
    def test_apps_are_left_alone_without_a_query(self):
        assert HOSTILE not in titles(Role.VIEWER, " ")
        assert ASKED == []

    @pytest.mark.usefixtures("_sample")
    def test_no_more_is_read_than_somebody_types(self):
        titles(Role.VIEWER, "z" * 5000)
        assert ASKED == ["z" * MOST_TYPED]


@patch.dict(offering._lookups, clear=True)
class TestAnyText(TestCase):
    @given(st.text(max_size=60))
    def test_what_is_offered_begins_words_of_what_it_is_called(self, query):
        for group in offer(user=UserFactory.build(role=Role.ADMIN), query=query):
            for option in group.options:
                words = f"{option.title} {option.words}".lower().split()
                assert all(any(word.startswith(part) for word in words) for part in query.lower().split())


@pytest.mark.usefixtures("_sample")
class TestView:
    @pytest.fixture
    def client(self) -> Client:
        client = Client()
        client.force_login(UserFactory(role=Role.CURATOR))
        return client

    def test_htmx_gets_options(self, client):
        headers = {"HX-Request": "true", "HX-Target": "palette-list"}
        page = client.get(reverse("core:palette"), {"q": "zzz"}, headers=headers).content.decode()
        assert "<html" not in page
        assert 'role="option"' in page
        assert HOSTILE not in page

    def test_others_get_a_page_of_links(self, client):
        page = client.get(reverse("core:palette"), {"q": "jobs"}).content.decode()
        assert "<html" in page
        assert f'<a class="option" href="{reverse("core:jobs")}"' in page
        assert HOSTILE not in page

    def test_nothing_is_called_that(self, client, monkeypatch):
        monkeypatch.setattr(offering, "_lookups", {})
        assert "Nothing is called that" in client.get(reverse("core:palette"), {"q": "qqqq"}).content.decode()

    def test_strangers_sign_in_first(self):
        assert Client().get(reverse("core:palette")).status_code == 302
