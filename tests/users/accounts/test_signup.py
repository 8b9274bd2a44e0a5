import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core import mail
from django.test import Client
from django.utils import timezone

from apps.users.accounts.signups import KEPT_FOR
from apps.users.models import User
from apps.users.roles import Role
from apps.users.tasks import prune_signups_task
from tests.users.accounts.helpers import LOGIN, NEW_PASSWORD, is_signed_in, link_in
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

SIGNUP, SENT = "/account/signup/", "/account/email/sent/"
EMAIL = "ada@example.com"
FORM = {"email": EMAIL, "full_name": "Ada", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}


@pytest.fixture
def is_open(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.users.accounts.adapter.MAILS_A_MINUTE", 1000)
    settings.SIGNUP_OPEN = settings.EMAIL_ENABLED = True
    settings.SITE_URL = "https://touchstone.example"


def test_it_is_closed_unless_it_is_opened(client: Client, settings) -> None:
    settings.EMAIL_ENABLED = True
    assert "By invitation" in client.get(SIGNUP).content.decode()
    client.post(SIGNUP, FORM)
    assert not User.objects.exists()
    assert SIGNUP not in client.get(LOGIN).content.decode()


def test_it_is_closed_where_no_address_can_be_proved(client: Client, settings) -> None:
    settings.SIGNUP_OPEN = True
    client.post(SIGNUP, FORM)
    assert not User.objects.exists()


@pytest.mark.usefixtures("is_open")
class TestOpen:
    def test_a_new_person_is_a_viewer_whatever_they_send(self, client: Client) -> None:
        assert client.post(SIGNUP, {**FORM, "role": "admin", "is_superuser": "on"})["Location"] == SENT
        user = User.objects.get()
        assert (user.email, user.full_name, user.role) == (EMAIL, "Ada", Role.VIEWER)
        assert not is_signed_in(client)

    def test_nobody_signs_in_before_the_address_is_proved(self, client: Client) -> None:
        client.post(SIGNUP, FORM)
        assert client.post(LOGIN, {"login": EMAIL, "password": NEW_PASSWORD})["Location"] == SENT
        assert not is_signed_in(client)

    def test_the_link_proves_it_once_it_is_confirmed(self, client: Client) -> None:
        client.post(SIGNUP, FORM)
        link = link_in(mail.outbox[0])
        assert "Is this your address?" in client.get(link).content.decode()
        assert not EmailAddress.objects.get().verified
        client.post(link)
        assert EmailAddress.objects.get().verified
        client.post(LOGIN, {"login": EMAIL, "password": NEW_PASSWORD})
        assert is_signed_in(client)

    def test_a_forged_link_proves_nothing(self, client: Client) -> None:
        client.post(SIGNUP, FORM)
        assert client.post(link_in(mail.outbox[0])[:-3] + "xx/").status_code == 404
        assert not EmailAddress.objects.get().verified

    def test_the_host_that_was_asked_is_not_in_the_message(self, client: Client, settings) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        client.post(SIGNUP, FORM, HTTP_HOST="evil.example")
        assert link_in(mail.outbox[0])
        assert "evil" not in mail.outbox[0].body

    def test_a_known_address_is_answered_alike(self, client: Client) -> None:
        user = UserFactory(email=EMAIL)
        response = client.post(SIGNUP, FORM)
        known = (response.status_code, response["Location"])
        assert "has one already" in mail.outbox[0].body
        response = Client().post(SIGNUP, {**FORM, "email": "new@example.com"})
        assert (response.status_code, response["Location"]) == known
        assert User.objects.get(email=EMAIL) == user

    def test_a_known_address_costs_as_much(self, settings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
        monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 1)
        UserFactory(email=EMAIL)
        hashed: list[str] = []
        encode = PBKDF2PasswordHasher.encode

        def count(hasher: PBKDF2PasswordHasher, password: str, *args: object) -> str:
            hashed.append(password)
            return encode(hasher, password, *args)

        monkeypatch.setattr(PBKDF2PasswordHasher, "encode", count)
        Client().post(SIGNUP, FORM)
        assert len(hashed) == 1
        Client().post(SIGNUP, {**FORM, "email": "new@example.com"})
        assert len(hashed) == 2

    @pytest.mark.parametrize(
        "wrong",
        [
            {"email": "nonsense"},
            {"email": ""},
            {"email": f"{'x' * 250}@example.com"},
            {"password2": "different 99"},
            {"password1": "short", "password2": "short"},
            {"full_name": "x" * 101},
            {"full_name": "a\x1bb"},
        ],
    )
    def test_what_is_wrong_makes_no_account(self, client: Client, wrong: dict[str, str]) -> None:
        response = client.post(SIGNUP, {**FORM, **wrong})
        assert response.status_code == 422
        assert response.context["form"].errors.keys() <= {*wrong, "password1"}
        assert not User.objects.exists()


def test_accounts_that_nobody_proved_go_after_a_week(settings) -> None:
    _, proved, signed_in = UserFactory.create_batch(3)
    EmailAddress.objects.exclude(user=proved).update(verified=False)
    User.objects.filter(pk=signed_in.pk).update(last_login=timezone.now())
    assert prune_signups_task() == 0
    User.objects.update(date_joined=timezone.now() - KEPT_FOR)
    assert prune_signups_task() == 1
    assert set(User.objects.all()) == {proved, signed_in}
    assert settings.CELERY_BEAT_SCHEDULE["users.prune_signups"]["task"] == prune_signups_task.name
