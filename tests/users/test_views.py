import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client
from django.utils import timezone

from apps.users.jwt.models import TokenFamily
from apps.users.jwt.services import start_family
from apps.users.keyring import ENDED_SHOWN
from apps.users.limits.models import KeyUsage
from apps.users.limits.policies import month_of, next_month
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
        assert 240 < int(response["Retry-After"]) <= 300
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
        keyring = response.context["keyring"]
        assert ([row.key for row in keyring.live], keyring.ended) == ([live], [ended])
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
            with django_assert_num_queries(5):  # session and user, live and ended keys and families
                client.get(KEYS)

    def test_only_so_many_ended_keys_are_shown(self, client: Client, user: User) -> None:
        ApiKeyFactory.create_batch(ENDED_SHOWN + 5, user=user, revoked_at=timezone.now())
        assert len(client.get(KEYS).context["keyring"].ended) == ENDED_SHOWN


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


class TestKeyWithLimits:
    def test_networks_and_limits_are_asked_for_and_shown(self, client: Client, user: User) -> None:
        networks = "192.0.2.0/24, 2001:db8::/32\n10.1.2.3"
        fields = {"networks": networks, "requests_per_minute": "60", "requests_per_month": "1000"}
        response = client.post(KEYS, {"name": "CI", "scopes": [FUNCTIONS_READ], "expires": "30", **fields})
        key = ApiKey.objects.get()
        assert key.networks == ["192.0.2.0/24", "2001:db8::/32", "10.1.2.3/32"]
        assert (key.requests_per_minute, key.requests_per_month) == (60, 1000)
        page = response.content.decode()
        for shown in (*key.networks, "60 a minute", "0 of 1,000 this month"):
            assert shown in page

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("networks", "office"),
            ("networks", "192.0.2.7/24"),
            ("networks", "x" * 10_000),
            ("requests_per_minute", "0"),
            ("requests_per_minute", "many"),
            ("requests_per_month", "-5"),
            ("requests_per_month", "9" * 30),
        ],
    )
    def test_what_is_wrong_is_shown_and_makes_nothing(self, client: Client, user: User, field: str, value: str) -> None:
        response = client.post(KEYS, {"name": "CI", "scopes": [FUNCTIONS_READ], "expires": "30", field: value})
        assert response.status_code == 422
        assert response.context["form"].errors.keys() == {field}
        assert not ApiKey.objects.exists()

    def test_a_spent_budget_says_when_it_renews(
        self, client: Client, user: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: now)  # a month may end here
        key = ApiKeyFactory(user=user, requests_per_month=10)
        month = month_of(now)
        KeyUsage.objects.create(key=key, month=month, used=10)
        page = client.get(KEYS).content.decode()
        assert "10 of 10 this month" in page
        assert f"until {next_month(month)}" in page

    def test_where_it_was_used_from_last_is_shown(self, client: Client, user: User) -> None:
        ApiKeyFactory(user=user, last_used_at=timezone.now(), last_used_from="192.0.2.77")
        assert "from 192.0.2.77" in client.get(KEYS).content.decode()


class TestRenewKey:
    def renew(self, client: Client, key: ApiKey, overlap: str = "24") -> Any:
        return client.post(f"{KEYS}{key.pk}/renew/", {"overlap": overlap})

    def test_the_new_secret_is_shown_this_once_and_works(self, client: Client, user: User) -> None:
        key = ApiKeyFactory(user=user)
        response = self.renew(client, key)
        assert "no-store" in response["Cache-Control"]
        shown = re.search(r"ts_\w{8}_\w{43}", response.content.decode())
        assert shown is not None
        assert shown[0].startswith(key.prefix)
        assert Client().get("/api/v1/me/", HTTP_AUTHORIZATION=f"Bearer {shown[0]}").status_code == 200
        page = client.get(KEYS).content.decode()
        assert "two secrets" in page
        assert shown[0] not in page

    @pytest.mark.parametrize("overlap", ["", "-1", "100000", "x"])
    def test_an_overlap_that_is_not_offered_changes_nothing(self, client: Client, user: User, overlap: str) -> None:
        key = ApiKeyFactory(user=user)
        assert self.renew(client, key, overlap)["Location"] == KEYS
        assert ApiKey.objects.get().secret_hash == key.secret_hash

    def test_what_has_ended_says_so(self, client: Client, user: User) -> None:
        key = ApiKeyFactory(user=user, revoked_at=timezone.now())
        assert self.renew(client, key)["Location"] == KEYS
        assert "make a new one" in client.get(KEYS).content.decode()

    def test_not_another_users(self, client: Client) -> None:
        client.force_login(UserFactory(role=Role.ADMIN))
        key = ApiKeyFactory()
        assert self.renew(client, key).status_code == 404
        assert ApiKey.objects.get().secret_hash == key.secret_hash


class TestRevokeKey:
    def revoke(self, client: Client, key: ApiKey, confirm: str | None = None, **options: Any) -> Any:
        return client.post(f"{KEYS}{key.pk}/revoke/", {"confirm": key.name if confirm is None else confirm}, **options)

    def test_ones_own(self, client: Client, user: User) -> None:
        key = ApiKeyFactory(user=user)
        assert self.revoke(client, key)["Location"] == KEYS
        key.refresh_from_db()
        assert key.revoked_at is not None

    @pytest.mark.parametrize("confirm", ["", "another name"])
    def test_only_when_its_name_is_typed(self, client: Client, user: User, confirm: str) -> None:
        key = ApiKeyFactory(user=user)
        response = self.revoke(client, key, confirm)
        assert response.status_code == 422
        assert key.name in response.content.decode()
        assert ApiKey.objects.get().revoked_at is None

    def test_html_in_its_name_is_text(self, client: Client, user: User) -> None:
        key = ApiKeyFactory(user=user, name=HTML)
        assert HTML not in self.revoke(client, key, "").content.decode()
        assert HTML not in self.revoke(client, key, follow=True).content.decode()

    def test_not_another_users(self, client: Client) -> None:
        client.force_login(UserFactory(role=Role.ADMIN))
        key = ApiKeyFactory()
        assert self.revoke(client, key).status_code == 404
        key.refresh_from_db()
        assert key.revoked_at is None

    def test_not_by_a_link(self, client: Client, user: User) -> None:
        assert client.get(f"{KEYS}{ApiKeyFactory(user=user).pk}/revoke/").status_code == 405


class TestFamilies:
    def end(self, client: Client, family: TokenFamily) -> Any:
        return client.post(f"{KEYS}tokens/{family.pk}/revoke/")

    def test_programs_that_signed_in_are_shown(self, client: Client, user: User) -> None:
        start_family(user=user, name=HTML, address="192.0.2.9")
        start_family(user=UserFactory(), name="of somebody else")
        page = client.get(KEYS).content.decode()
        assert HTML not in page
        assert "&lt;script&gt;" in page
        assert "from 192.0.2.9" in page
        assert "of somebody else" not in page

    def test_ones_own_is_revoked(self, client: Client, user: User) -> None:
        family = start_family(user=user, name="nightly").family
        assert self.end(client, family)["Location"] == KEYS
        assert TokenFamily.objects.get().revoked_at
        page = client.get(KEYS).content.decode()
        assert "None has tokens that are good now." in page
        assert "(by hand)" in page

    def test_not_another_users(self, client: Client) -> None:
        client.force_login(UserFactory(role=Role.ADMIN))
        family = start_family(user=UserFactory()).family
        assert self.end(client, family).status_code == 404
        assert TokenFamily.objects.get().revoked_at is None

    def test_not_without_the_csrf_token(self) -> None:
        client = Client(enforce_csrf_checks=True)
        user = UserFactory()
        client.force_login(user)
        assert self.end(client, start_family(user=user).family).status_code == 403
        assert TokenFamily.objects.get().revoked_at is None
