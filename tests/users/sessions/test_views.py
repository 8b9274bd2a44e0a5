from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from apps.core.audit.models import AuditEntry
from apps.users.models import User
from apps.users.sessions.models import Session
from tests.users.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
PAGE = "/account/sessions/"


@pytest.fixture
def user() -> User:
    return UserFactory.create()


def sign_in(user: User, agent: str = FIREFOX) -> Client:
    """A browser of theirs, which has been on a page."""
    client = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR="192.0.2.9")
    client.force_login(user)
    Session.objects.filter(user=user, user_agent="").update(seen_at=timezone.now() - timedelta(minutes=2))
    client.get(PAGE)
    return client


def row_of(client: Client) -> Session:
    return Session.objects.of_key(client.cookies[django_settings.SESSION_COOKIE_NAME].value).get()


def is_signed_in(client: Client) -> bool:
    return client.get(PAGE).status_code == 200


class TestList:
    def test_shows_ones_own_sessions_this_one_first(self, user: User) -> None:
        sign_in(UserFactory.create())
        client = sign_in(user)
        sign_in(user, IPHONE)
        page = client.get(PAGE)
        rows = page.context["rows"]
        assert [(row["device"], row["is_this"]) for row in rows] == [
            ("Firefox on Linux", True),
            ("Safari on iPhone", False),
        ]
        assert "192.0.2.9" in page.content.decode()

    def test_costs_as_many_queries_for_many_as_for_one(
        self, user: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = sign_in(user)
        for _ in range(3):
            with django_assert_num_queries(2):  # the session with its user, all of theirs
                client.get(PAGE)
            sign_in(user)

    def test_what_a_new_password_ended_is_gone(self, user: User) -> None:
        sign_in(user)
        user.set_password("another-long-password")
        user.save()
        client = sign_in(user)
        assert len(client.get(PAGE).context["rows"]) == 1
        assert Session.objects.count() == 1

    def test_strangers_are_sent_to_sign_in(self) -> None:
        assert Client().get(PAGE).status_code == 302


class TestNaming:
    def test_names_it(self, user: User) -> None:
        client = sign_in(user)
        row = row_of(client)
        client.post(reverse("users:rename_session", args=[row.pk]), {"name": "  Work \n laptop "})
        assert row_of(client).name == "Work laptop"
        assert "Work laptop" in client.get(PAGE).content.decode()

    @pytest.mark.parametrize("name", ["x" * 61, "a\u202eb"])
    def test_says_what_is_wrong(self, user: User, name: str) -> None:
        client = sign_in(user)
        row = row_of(client)
        page = client.post(reverse("users:rename_session", args=[row.pk]), {"name": name})
        assert page.status_code == 422
        assert "The name must" in page.content.decode()
        assert row_of(client).name == ""

    def test_somebody_elses_is_not_found(self, user: User) -> None:
        client, other = sign_in(user), row_of(sign_in(UserFactory.create()))
        assert client.post(reverse("users:rename_session", args=[other.pk]), {"name": "mine"}).status_code == 404
        assert client.post(reverse("users:end_session", args=[other.pk])).status_code == 404
        assert Session.objects.filter(pk=other.pk, name="").exists()


class TestEnding:
    def test_ends_one_from_its_next_request_on(self, user: User) -> None:
        client, other, third = sign_in(user), sign_in(user, IPHONE), sign_in(user)
        client.post(reverse("users:end_session", args=[row_of(other).pk]))
        assert [is_signed_in(each) for each in (client, other, third)] == [True, False, True]
        entry = AuditEntry.objects.get(event="session.revoked")
        assert (entry.actor_id, entry.additional_data["device"]) == (user.pk, "Safari on iPhone")

    def test_ending_this_one_signs_out(self, user: User) -> None:
        client = sign_in(user)
        assert client.post(reverse("users:end_session", args=[row_of(client).pk])).url == reverse("account_login")
        assert not is_signed_in(client)

    def test_ends_all_others(self, user: User) -> None:
        client, others, stranger = sign_in(user), [sign_in(user), sign_in(user)], sign_in(UserFactory.create())
        page = client.post(reverse("users:end_other_sessions"), follow=True)
        assert "2 other sessions have ended" in page.content.decode()
        assert [is_signed_in(each) for each in (client, *others, stranger)] == [True, False, False, True]

    def test_a_new_password_ends_the_others(self, user: User) -> None:
        client, other = sign_in(user), sign_in(user)
        Session.objects.update(name="Work")
        since = row_of(client).since
        passwords = {"oldpassword": PASSWORD, "password1": "another long one 8", "password2": "another long one 8"}
        assert client.post(reverse("account_change_password"), passwords).status_code == 302
        assert [is_signed_in(each) for each in (client, other)] == [True, False]
        assert (row_of(client).name, row_of(client).since) == ("Work", since)

    def test_a_password_that_an_admin_sets_ends_all(self, user: User) -> None:
        client, other = sign_in(user), sign_in(user)
        user.set_password("another-long-password")
        user.save()
        assert [is_signed_in(each) for each in (client, other)] == [False, False]

    def test_deactivation_ends_them(self, user: User) -> None:
        client = sign_in(user)
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert not is_signed_in(client)


class TestState:
    def test_asking_does_not_prolong(self, user: User, settings: Settings) -> None:
        settings.SESSION_IDLE_MINUTES = 30
        client = sign_in(user)
        Session.objects.update(seen_at=timezone.now() - timedelta(minutes=28, seconds=30))
        answer = client.get(reverse("users:session_state"), headers={"X-Background": "1"}).json()
        assert 30 < answer["left"] <= 90
        assert (answer["user"], answer["renewable"]) == (str(user.pk), True)

    def test_renewing_prolongs_at_once(self, user: User, settings: Settings) -> None:
        settings.SESSION_IDLE_MINUTES = 30
        client = sign_in(user)
        Session.objects.update(seen_at=timezone.now() - timedelta(seconds=30))
        answer = client.post(reverse("users:renew_session"), headers={"X-Background": "1"}).json()
        assert answer["left"] > 30 * 60 - 30

    def test_nothing_prolongs_beyond_the_longest_time(self, user: User, settings: Settings) -> None:
        settings.SESSION_MAX_HOURS = 1
        client = sign_in(user)
        Session.objects.update(since=timezone.now() - timedelta(minutes=59))
        answer = client.post(reverse("users:renew_session")).json()
        assert answer["left"] <= 60
        assert not answer["renewable"]

    def test_strangers_have_no_time_left(self) -> None:
        answer = Client().post(reverse("users:renew_session")).json()
        assert (answer["left"], answer["user"], answer["renewable"]) == (0, "", False)


class TestWhatWasTyped:
    ADDRESS = "/functions/new/"

    def ended(self, user: User) -> Client:
        client = sign_in(user)
        Session.objects.all().delete()
        return client

    def test_is_kept_to_be_sent_again(self, user: User) -> None:
        sent = {"name": "half <done>", "tags": ["a", "b"], "password": "hush"}
        page = self.ended(user).post(f"{self.ADDRESS}?x=1", sent)
        text = page.content.decode()
        assert page.status_code == 401
        assert f'action="{self.ADDRESS}?x=1"' in text
        assert "half &lt;done&gt;" in text
        assert "hush" not in text
        assert page["Cache-Control"] == "no-store"
        assert page["X-Frame-Options"] == "DENY"
        assert [(field.name, field.value) for field in page.context["kept"]] == [
            ("name", "half <done>"),
            ("tags", "a"),
            ("tags", "b"),
        ]

    def test_who_never_signed_in_is_sent_to_sign_in(self) -> None:
        assert Client().post(self.ADDRESS, {"name": "x"}).status_code == 302

    def test_htmx_is_told(self, user: User) -> None:
        page = self.ended(user).get(self.ADDRESS, headers={"HX-Request": "true"})
        assert (page.status_code, page["X-Session-Ended"]) == (401, "1")

    @pytest.fixture
    def late(self, user: User) -> Any:
        """Sends a form with a token from before the sign-in."""
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)

        def send(**headers: str) -> Any:
            return client.post(PAGE, {"name": "half-written", "csrfmiddlewaretoken": "x" * 64}, headers=headers)

        return send

    def test_a_form_from_before_the_sign_in_is_kept(self, late: Any) -> None:
        page = late(Origin="http://testserver")
        assert page.status_code == 403
        assert "Send it again" in page.content.decode()
        assert [field.value for field in page.context["kept"]] == ["half-written"]

    @pytest.mark.parametrize("headers", [{}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}])
    def test_a_form_of_another_site_is_not(self, late: Any, headers: dict[str, str]) -> None:
        page = late(**headers)
        assert page.status_code == 403
        assert "half-written" not in page.content.decode()
