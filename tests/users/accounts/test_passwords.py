from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import mail
from django.test import Client

from apps.users.models import User
from apps.users.roles import Role
from tests.users.accounts.helpers import CODE, NEW_PASSWORD, give_totp, is_signed_in, link_in, sign_in
from tests.users.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

CHANGE, RESET, SENT = "/account/password/change/", "/account/password/reset/", "/account/password/reset/sent/"
LIMIT = django_settings.AXES_FAILURE_LIMIT
NEW = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}


@pytest.fixture(autouse=True)
def sends_mail(settings) -> None:
    settings.EMAIL_ENABLED = True
    settings.SITE_URL = "https://touchstone.example"


@pytest.fixture
def user() -> User:
    return UserFactory()


def open_link(client: Client, link: str) -> str:
    """The address of the form that the link leads to."""
    return str(client.get(link)["Location"])


class TestChange:
    @pytest.fixture
    def client(self, client: Client, user: User) -> Client:
        client.force_login(user)
        return client

    def test_it_changes_and_signs_out_everywhere_else(self, client: Client, user: User) -> None:
        elsewhere = Client()
        elsewhere.force_login(user)
        assert client.post(CHANGE, {"oldpassword": PASSWORD, **NEW})["Location"] == "/account/"
        assert client.get("/account/").status_code == 200
        assert elsewhere.get("/account/").status_code == 302
        user.refresh_from_db()
        assert user.check_password(NEW_PASSWORD)

    def test_its_owner_is_told(self, client: Client, user: User) -> None:
        client.post(CHANGE, {"oldpassword": PASSWORD, **NEW})
        (message,) = mail.outbox
        assert message.to == [user.email]
        assert "127.0.0.1" in message.body
        assert "testserver" not in message.body

    @pytest.mark.parametrize(
        ("old", "new", "field"),
        [
            ("wrong", NEW_PASSWORD, "oldpassword"),
            (PASSWORD, "short", "password1"),
            (PASSWORD, "password123", "password1"),
            ("", "", "oldpassword"),
        ],
    )
    def test_not_with_a_wrong_old_or_a_weak_new_one(
        self, client: Client, user: User, old: str, new: str, field: str
    ) -> None:
        response = client.post(CHANGE, {"oldpassword": old, "password1": new, "password2": new})
        assert response.status_code == 422
        assert field in response.context["form"].errors
        user.refresh_from_db()
        assert user.check_password(PASSWORD)

    def test_a_session_left_open_is_no_place_to_guess(self, client: Client) -> None:
        statuses = [client.post(CHANGE, {"oldpassword": "wrong", **NEW}).status_code for _ in range(LIMIT)]
        assert statuses == [422] * (LIMIT - 1) + [429]
        assert client.post(CHANGE, {"oldpassword": PASSWORD, **NEW}).status_code == 429


class TestForgotten:
    def ask(self, email: str, client: Client | None = None, **headers: str) -> str:
        response = (client or Client()).post(RESET, {"email": email}, **headers)
        assert response.status_code == 302
        return str(response["Location"])

    def test_the_link_sets_a_new_password(self, client: Client, user: User) -> None:
        assert self.ask(user.email.upper()) == SENT
        form = open_link(client, link_in(mail.outbox[0]))
        assert client.post(form, NEW).status_code == 302
        assert not is_signed_in(client)
        user.refresh_from_db()
        assert user.check_password(NEW_PASSWORD)

    def test_the_form_says_whose_password_it_is_and_names_each_field_once(self, client: Client, user: User) -> None:
        self.ask(user.email)
        page = client.get(open_link(client, link_in(mail.outbox[0]))).content.decode()
        assert f"<bdi>{user.email}</bdi>" in page
        assert [text for text in ("New password</label>", "New password again</label>") if text not in page] == []
        assert "placeholder" not in page

    def test_the_token_is_not_in_the_address_of_the_form(self, client: Client, user: User) -> None:
        self.ask(user.email)
        link = link_in(mail.outbox[0])
        assert open_link(client, link).endswith("-set-password/")
        assert "-set-password" not in link

    def test_it_is_good_once(self, client: Client, user: User) -> None:
        self.ask(user.email)
        link = link_in(mail.outbox[0])
        client.post(open_link(client, link), NEW)
        thief = Client()
        response = thief.get(link)
        assert "not good any more" in response.content.decode()
        assert thief.post(link, {"password1": "stolen horse 9", "password2": "stolen horse 9"}).status_code == 200
        user.refresh_from_db()
        assert user.check_password(NEW_PASSWORD)

    def test_it_is_good_for_two_hours(self, client: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ask(user.email)
        now = PasswordResetTokenGenerator._now
        late = timedelta(seconds=django_settings.PASSWORD_RESET_TIMEOUT + 60)
        monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda generator: now(generator) + late)
        assert "not good any more" in client.get(link_in(mail.outbox[0])).content.decode()

    def test_ones_link_is_nobody_elses(self, client: Client, user: User) -> None:
        other = UserFactory()
        self.ask(user.email)
        self.ask(other.email)
        token = link_in(mail.outbox[0]).rpartition("-")[2]
        theirs = link_in(mail.outbox[1])
        forged = theirs.replace(theirs.rpartition("-")[2], token)
        assert "not good any more" in client.get(forged).content.decode()

    def test_an_unknown_address_is_answered_alike_and_gets_nothing(self, user: User) -> None:
        answers = set()
        for email in (user.email, "nobody@example.com"):
            client = Client()
            self.ask(email, client)
            answers.add((self.ask(email, client), client.get(SENT).content.decode()))
        assert len(answers) == 1
        assert {message.to[0] for message in mail.outbox} == {user.email}

    @pytest.mark.parametrize("person", [{"is_active": False}, {"role": Role.SERVICE}])
    def test_who_signs_in_to_no_page_gets_none(self, person: dict[str, object]) -> None:
        assert self.ask(UserFactory(**person).email) == SENT
        assert mail.outbox == []

    def test_an_address_that_is_not_proved_yet_opens_no_account(self, user: User) -> None:
        EmailAddress.objects.create(user=user, email="mistyped@example.com")
        self.ask("mistyped@example.com")
        assert mail.outbox == []

    def test_the_host_that_was_asked_is_not_in_the_message(self, settings, user: User) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        self.ask(user.email, HTTP_HOST="evil.example")
        assert link_in(mail.outbox[0])
        assert "evil" not in mail.outbox[0].body

    def test_an_address_is_not_flooded(self, user: User) -> None:
        for _ in range(5):
            self.ask(user.email)
        assert len(mail.outbox) == 2

    def test_sessions_end_with_the_old_password(self, client: Client, user: User) -> None:
        elsewhere = Client()
        elsewhere.force_login(user)
        self.ask(user.email)
        client.post(open_link(client, link_in(mail.outbox[0])), NEW)
        assert elsewhere.get("/account/").status_code == 302

    def test_the_second_factor_is_asked_for_all_the_same(self, client: Client, user: User) -> None:
        give_totp(user)
        self.ask(user.email)
        client.post(open_link(client, link_in(mail.outbox[0])), NEW)
        assert sign_in(client, user, NEW_PASSWORD)["Location"] == CODE

    @pytest.mark.parametrize("new", ["short", "password123", ""])
    def test_not_a_weak_one(self, client: Client, user: User, new: str) -> None:
        self.ask(user.email)
        form = open_link(client, link_in(mail.outbox[0]))
        assert client.post(form, {"password1": new, "password2": new}).status_code == 422

    def test_nobody_is_sent_elsewhere_afterwards(self, client: Client, user: User) -> None:
        self.ask(user.email)
        form = open_link(client, link_in(mail.outbox[0]) + "?next=//evil.example/")
        assert "evil" not in client.post(form, {**NEW, "next": "//evil.example/"})["Location"]

    def test_where_no_mail_is_sent_an_admin_helps(self, client: Client, settings, user: User) -> None:
        settings.EMAIL_ENABLED = False
        assert "An admin can do it for you" in client.post(RESET, {"email": user.email}).content.decode()
        assert mail.outbox == []
