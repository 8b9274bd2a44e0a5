import pytest
from django.core import mail
from django.test import Client

from apps.users.models import User
from tests.users.accounts.helpers import give_totp, is_signed_in, link_in, prove_again, sign_in
from tests.users.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PAGE = "/account/email/"
NEW = "new@example.com"


@pytest.fixture(autouse=True)
def sends_mail(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.users.accounts.adapter.MAILS_A_MINUTE", 1000)
    settings.EMAIL_ENABLED = True
    settings.SITE_URL = "https://touchstone.example"


@pytest.fixture
def user(client: Client) -> User:
    user = UserFactory()
    client.force_login(user)
    prove_again(client)
    return user


def ask(client: Client, email: str = NEW) -> None:
    assert client.post(PAGE, {"email": email, "action_add": ""}).status_code == 302


def confirm(client: Client) -> int:
    return client.post(link_in(mail.outbox[0])).status_code


def test_the_password_is_asked_for_first(client: Client) -> None:
    client.force_login(UserFactory())
    response = client.post(PAGE, {"email": NEW, "action_add": ""})
    assert response["Location"].startswith("/account/reauthenticate/")
    assert mail.outbox == []


def test_it_changes_once_the_new_address_is_proved(client: Client, user: User) -> None:
    ask(client)
    assert mail.outbox[0].to == [NEW]
    assert NEW in client.get(PAGE).content.decode()
    user.refresh_from_db()
    assert user.email != NEW
    confirm(client)
    user.refresh_from_db()
    assert user.email == NEW
    fresh = Client()
    sign_in(fresh, user)
    assert is_signed_in(fresh)


def test_the_former_address_is_told_and_signs_in_no_more(client: Client, user: User) -> None:
    former = user.email
    ask(client)
    confirm(client)
    assert [former] in [message.to for message in mail.outbox[1:]]
    response = Client().post("/account/login/", {"login": former, "password": PASSWORD})
    assert response.status_code == 422


def test_it_can_be_taken_back(client: Client, user: User) -> None:
    ask(client)
    client.post(PAGE, {"email": NEW, "action_remove": ""})
    assert confirm(client) == 404
    user.refresh_from_db()
    assert user.email != NEW


def test_who_has_a_second_factor_can_too(client: Client, user: User) -> None:
    give_totp(user)
    ask(client)
    confirm(client)
    user.refresh_from_db()
    assert user.email == NEW


def test_anothers_address_is_asked_for_alike_and_never_taken(client: Client, user: User) -> None:
    other = UserFactory()
    ask(client, other.email)
    confirm(client)
    user.refresh_from_db()
    assert user.email != other.email


@pytest.mark.parametrize("email", ["", "nonsense", f"{'x' * 250}@example.com"])
def test_what_is_no_address_is_refused(client: Client, user: User, email: str) -> None:
    assert client.post(PAGE, {"email": email, "action_add": ""}).status_code == 422


def test_where_no_mail_is_sent_an_admin_helps(client: Client, user: User, settings) -> None:
    settings.EMAIL_ENABLED = False
    assert "An admin can do it for you" in client.get(PAGE).content.decode()
