import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client
from django.utils import timezone

from apps.users import views
from apps.users.models import ApiKey, User
from apps.users.roles import Role
from apps.users.scopes import FUNCTIONS_READ, FUNCTIONS_WRITE, JOBS_READ
from tests.users.factories import PASSWORD, ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ACCOUNT, LOGIN, LOGOUT, KEYS = "/account/", "/account/login/", "/account/logout/", "/account/keys/"
PASSWORD_PAGE = "/account/password/change/"
HTML = "<script>alert(1)</script>"
MAX_FAILURES = django_settings.AXES_FAILURE_LIMIT


@pytest.fixture
def user(client: Client) -> User:
    user = UserFactory()
    client.force_login(user)
    return user


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post(LOGIN, {"login": email, "password": password, **more})


class TestSignIn:
    def test_the_right_password(self, client: Client) -> None:
        user = UserFactory()
        response = sign_in(client, user.email.upper(), next=ACCOUNT)
        assert response.status_code == 302
        assert response["Location"] == ACCOUNT
        assert user.email in client.get(ACCOUNT).content.decode()

    def test_the_session_gets_a_new_id(self, client: Client) -> None:
        client.get(LOGIN)
        planted = client.session
        planted["seen"] = True
        planted.save()
        client.cookies["sessionid"] = planted.session_key
        sign_in(client, UserFactory().email)
        assert client.cookies["sessionid"].value != planted.session_key
        assert not client.session.exists(planted.session_key)

    def test_who_is_in_already_is_sent_on(self, client: Client, user: User) -> None:
        assert client.get(f"{LOGIN}?next={ACCOUNT}")["Location"] == ACCOUNT

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example/",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "http:evil.example",
            "https:///evil.example",
            "\thttps://evil.example",
            "/\n/evil.example",
        ],
    )
    def test_nobody_is_sent_elsewhere(self, client: Client, target: str, settings) -> None:
        settings.LOGIN_REDIRECT_URL = "users:account"
        assert sign_in(client, UserFactory().email, next=target)["Location"] == ACCOUNT
        assert client.get(LOGIN, {"next": target})["Location"] == ACCOUNT

    def test_without_its_csrf_token_it_is_refused(self) -> None:
        assert sign_in(Client(enforce_csrf_checks=True), UserFactory().email).status_code == 403

    def test_pages_send_strangers_to_sign_in_and_back(self, client: Client) -> None:
        for page in (ACCOUNT, KEYS, PASSWORD_PAGE):
            assert client.get(page)["Location"] == f"{LOGIN}?next={page}"

    def test_every_way_to_be_wrong_reads_the_same(self, client: Client) -> None:
        user, idle = UserFactory(), UserFactory(is_active=False)
        program = UserFactory(role=Role.SERVICE)
        tries = [(user.email, "wrong"), ("nobody@example.com", "wrong"), (idle.email, "wrong"), (idle.email, PASSWORD)]
        tries += [(program.email, "wrong"), (program.email, PASSWORD)]
        pages = {self._errors(sign_in(client, email, password)) for email, password in tries}
        assert len(pages) == 1
        assert "_auth_user_id" not in client.session

    def test_every_way_to_be_wrong_costs_one_hash(
        self, client: Client, settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
        monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 1)
        user, idle = UserFactory(), UserFactory(is_active=False)
        hashed: list[str] = []
        encode = PBKDF2PasswordHasher.encode

        def count(hasher: PBKDF2PasswordHasher, password: str, *args: Any) -> str:
            hashed.append(password)
            return encode(hasher, password, *args)

        monkeypatch.setattr(PBKDF2PasswordHasher, "encode", count)
        for email in (user.email, idle.email, "nobody@example.com"):
            sign_in(client, email, f"wrong for {email}")
        assert sorted(hashed) == sorted(
            f"wrong for {email}" for email in (user.email, idle.email, "nobody@example.com")
        )

    @pytest.mark.parametrize("email", ["a\0b@example.com", "x" * 10_000, "", HTML, "☃"])
    def test_odd_addresses_are_only_wrong(self, client: Client, email: str) -> None:
        response = sign_in(client, email)
        assert response.status_code == 422
        assert HTML not in response.content.decode()

    def test_the_limit_says_how_long_to_wait(self, client: Client) -> None:
        user = UserFactory()
        for _ in range(MAX_FAILURES):
            sign_in(client, user.email, "wrong")
        response = sign_in(client, user.email)
        assert response.status_code == 429
        assert 290 <= int(response["Retry-After"]) <= 300
        assert "Try again in 5 minutes." in response.content.decode()
        assert "_auth_user_id" not in client.session

    def test_the_limit_reads_the_same_for_an_account_that_is_not_there(self, client: Client) -> None:
        email = UserFactory.build().email
        for _ in range(MAX_FAILURES):
            sign_in(client, email, "wrong")
        assert sign_in(client, email).status_code == 429

    def test_the_admin_has_no_sign_in_of_its_own(self, client: Client) -> None:
        assert (
            client.get("/admin/login/?next=/admin/users/user/")["Location"]
            == f"{LOGIN}?next=%2Fadmin%2Fusers%2Fuser%2F"
        )
        admin = UserFactory(role=Role.ADMIN)
        assert client.post("/admin/login/", {"username": admin.email, "password": PASSWORD})["Location"].startswith(
            LOGIN
        )
        assert "_auth_user_id" not in client.session

    def test_a_dead_cache_keeps_nobody_out(self, client: Client, settings) -> None:
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///nonexistent/s.sock?db=1"}}
        assert sign_in(client, UserFactory().email, next=ACCOUNT)["Location"] == ACCOUNT

    @staticmethod
    def _errors(response: Any) -> tuple[int, tuple[str, ...]]:
        return response.status_code, tuple(re.findall(r'<p class="error".*?</p>', response.content.decode()))


class TestSignOut:
    def test_by_post(self, client: Client, user: User) -> None:
        assert client.post(LOGOUT).status_code == 302
        assert client.get(ACCOUNT).status_code == 302

    def test_not_by_a_link(self, client: Client, user: User) -> None:
        assert "Sign out?" in client.get(LOGOUT).content.decode()
        assert client.get(ACCOUNT).status_code == 200

    def test_not_without_the_csrf_token(self) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(UserFactory())
        assert client.post(LOGOUT).status_code == 403


class TestKeys:
    def test_it_shows_ones_keys(self, client: Client, user: User) -> None:
        live, other = ApiKeyFactory(user=user), ApiKeyFactory()
        ended = ApiKeyFactory(user=user, expires_at=timezone.now() - timedelta(days=1))
        response = client.get(KEYS)
        page = response.content.decode()
        assert (response.context["live"], list(response.context["ended"])) == ([live], [ended])
        assert live.prefix in page
        assert live.secret_hash not in page
        assert other.prefix not in page

    def test_html_in_names_is_text(self, client: Client, user: User) -> None:
        User.objects.filter(pk=user.pk).update(full_name=HTML)
        ApiKeyFactory(user=user, name=HTML)
        ApiKeyFactory(user=user, name=HTML, revoked_at=timezone.now())
        page = client.get(KEYS).content.decode()
        assert HTML not in page
        assert page.count("&lt;script&gt;") >= 3

    def test_queries_do_not_grow_with_keys(self, client: Client, user: User, django_assert_num_queries) -> None:
        for count in (1, 30):
            ApiKeyFactory.create_batch(count, user=user)
            ApiKeyFactory.create_batch(count, user=user, revoked_at=timezone.now())
            client.get(KEYS)
            with django_assert_num_queries(3):  # the signed-in user, live keys, ended keys
                client.get(KEYS)

    def test_only_so_many_ended_keys_are_shown(self, client: Client, user: User) -> None:
        ApiKeyFactory.create_batch(views.ENDED_SHOWN + 5, user=user, revoked_at=timezone.now())
        assert len(client.get(KEYS).context["ended"]) == views.ENDED_SHOWN


class TestMakeKey:
    def make(self, client: Client, **fields: object) -> Any:
        return client.post(KEYS, {"name": "CI", "scopes": [FUNCTIONS_READ], "expires": "30", **fields})

    def test_the_token_is_shown_this_once_and_works(self, client: Client, user: User) -> None:
        response = self.make(client)
        assert response.status_code == 200
        assert "no-store" in response["Cache-Control"]
        shown = re.search(r"ts_\w{8}_\w{43}", response.content.decode())
        assert shown is not None
        assert Client().get("/api/v1/me/", HTTP_AUTHORIZATION=f"Bearer {shown[0]}").json()["email"] == user.email
        assert shown[0] not in client.get(KEYS).content.decode()
        assert shown[0] not in str(dict(client.session))

    @pytest.mark.parametrize(("expires", "days"), [("30", 30), ("365", 365), ("", None)])
    def test_it_expires_as_chosen(self, client: Client, user: User, expires: str, days: int | None) -> None:
        self.make(client, expires=expires)
        until = ApiKey.objects.get().expires_at
        if days is None:
            assert until is None
        else:
            assert abs(until - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "x" * 101),
            ("name", "a\0b"),
            ("name", "a\x1bb"),
            ("scopes", []),
            ("scopes", [FUNCTIONS_WRITE]),
            ("scopes", ["functions:destroy"]),
            ("expires", "9999999"),
            ("expires", "-1"),
        ],
    )
    def test_what_is_wrong_is_shown_and_makes_nothing(
        self, client: Client, user: User, field: str, value: object
    ) -> None:
        response = self.make(client, **{field: value})
        assert response.status_code == 422
        assert response.context["form"].errors.keys() == {field}
        assert '<p class="error"' in response.content.decode()
        assert not ApiKey.objects.exists()

    def test_the_limit_is_said_above_the_form(
        self, client: Client, user: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.users.services.MAX_LIVE_KEYS", 1)
        ApiKeyFactory(user=user, scopes=[JOBS_READ])
        response = self.make(client)
        assert response.status_code == 422
        assert "revoke one first" in response.context["form"].non_field_errors()[0]

    def test_html_in_its_name_is_text(self, client: Client, user: User) -> None:
        assert HTML not in self.make(client, name=HTML).content.decode()

    def test_not_without_the_csrf_token(self) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(UserFactory())
        assert self.make(client).status_code == 403
        assert not ApiKey.objects.exists()


class TestRevokeKey:
    def test_ones_own(self, client: Client, user: User) -> None:
        key = ApiKeyFactory(user=user)
        assert client.post(f"{KEYS}{key.pk}/revoke/")["Location"] == KEYS
        key.refresh_from_db()
        assert key.revoked_at is not None

    def test_html_in_its_name_is_text(self, client: Client, user: User) -> None:
        key = ApiKeyFactory(user=user, name=HTML)
        assert HTML not in client.post(f"{KEYS}{key.pk}/revoke/", follow=True).content.decode()

    def test_not_another_users(self, client: Client) -> None:
        client.force_login(UserFactory(role=Role.ADMIN))
        key = ApiKeyFactory()
        assert client.post(f"{KEYS}{key.pk}/revoke/").status_code == 404
        key.refresh_from_db()
        assert key.revoked_at is None

    def test_not_by_a_link(self, client: Client, user: User) -> None:
        assert client.get(f"{KEYS}{ApiKeyFactory(user=user).pk}/revoke/").status_code == 405
