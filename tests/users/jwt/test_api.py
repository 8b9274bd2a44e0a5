"""Tokens over HTTP, from signing in to the last refusal."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.users.jwt.models import TokenFamily
from apps.users.jwt.services import TokenPair, start_family
from apps.users.models import User
from apps.users.roles import Role
from tests.users.accounts.helpers import code_of, give_recovery_codes, give_totp
from tests.users.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

TOKEN = "/api/v1/auth/token/"
REFRESH = f"{TOKEN}refresh/"
REVOKE = f"{TOKEN}revoke/"
FAMILIES = "/api/v1/auth/families/"
ME = "/api/v1/me/"


@pytest.fixture
def user() -> User:
    return UserFactory()


def post(client: Client, path: str, **body: object) -> Any:
    return client.post(path, body, content_type="application/json")


def sign_in(client: Client, user: User, **body: object) -> Any:
    return post(client, TOKEN, email=user.email, password=PASSWORD, **body)


def ask(client: Client, token: str, path: str = ME) -> Any:
    return client.get(path, HTTP_AUTHORIZATION=f"Bearer {token}")


def assert_refused(response: Any, code: str, status: int = 401) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == 'Bearer realm="Touchstone"'


class TestSignIn:
    def test_gives_a_pair_that_acts_as_its_owner(self, client: Client, user: User) -> None:
        response = sign_in(client, user, name="nightly")
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        assert response.cookies == {}
        body = response.json()
        assert (body["token_type"], body["expires_in"], body["refresh_expires_in"]) == ("Bearer", 600, 14 * 86400)
        me = ask(client, body["access"]).json()
        assert (me["email"], me["role"]) == (user.email, user.role)
        family = TokenFamily.objects.get()
        assert (str(family.pk), family.name, family.created_from) == (body["family"], "nightly", "127.0.0.1")

    def test_nothing_tells_an_unknown_account_from_a_wrong_password(self, client: Client, user: User) -> None:
        wrong = post(client, TOKEN, email=user.email, password="wrong")
        unknown = post(client, TOKEN, email="nobody@example.com", password="wrong")
        user.is_active = False
        user.save()
        inactive = sign_in(client, user)
        for response in (wrong, unknown, inactive):
            assert_refused(response, "credentials_wrong")
            assert {**response.json(), "request_id": ""} == {**wrong.json(), "request_id": ""}
        assert not TokenFamily.objects.exists()

    @pytest.mark.parametrize("field", ["email", "password"])
    @pytest.mark.parametrize("value", ["", None, ["x"], "x\0", "x" * 5000])
    def test_what_is_wrong_is_named(self, client: Client, user: User, field: str, value: object) -> None:
        response = post(client, TOKEN, **{"email": user.email, "password": PASSWORD, field: value})
        assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)

    def test_other_fields_are_refused(self, client: Client, user: User) -> None:
        assert sign_in(client, user, role="admin").status_code == 400

    def test_tokens_are_not_kept_to_be_answered_twice(self, client: Client, user: User) -> None:
        for path in (TOKEN, REFRESH, REVOKE):
            response = client.post(path, {}, content_type="application/json", HTTP_IDEMPOTENCY_KEY="once")
            assert response.json()["errors"][0]["field"] == "Idempotency-Key"

    def test_it_needs_no_form_token_and_starts_no_session(self, user: User) -> None:
        client = Client(enforce_csrf_checks=True)
        assert sign_in(client, user).status_code == 200
        assert ask(client, "").status_code == 401
        assert client.get("/api/v1/me/").status_code == 401


class TestRefresh:
    def test_each_token_gets_one_pair(self, client: Client, user: User) -> None:
        first = sign_in(client, user).json()
        second = post(client, REFRESH, refresh=first["refresh"])
        assert (second.status_code, second["Cache-Control"]) == (200, "no-store")
        assert ask(client, second.json()["access"]).status_code == 200
        assert_refused(post(client, REFRESH, refresh=first["refresh"]), "token_reused")
        assert_refused(post(client, REFRESH, refresh=second.json()["refresh"]), "token_revoked")
        assert_refused(ask(client, second.json()["access"]), "token_revoked")

    def test_each_failure_has_its_code(self, client: Client, user: User) -> None:
        pair = start_family(user=user)
        assert_refused(post(client, REFRESH, refresh="x"), "token_malformed")
        assert_refused(post(client, REFRESH, refresh=f"{pair.refresh[:-4]}AAAA"), "token_unknown")
        assert_refused(post(client, REFRESH, refresh=pair.access), "token_wrong_type")
        assert post(client, REFRESH).json()["errors"][0]["field"] == "refresh"


class TestRevoke:
    def test_at_once_and_again(self, client: Client, user: User) -> None:
        pair = start_family(user=user)
        for _ in range(2):
            response = post(client, REVOKE, token=pair.refresh)
            assert (response.status_code, response.content) == (204, b"")
        assert_refused(ask(client, pair.access), "token_revoked")

    def test_what_is_no_token_is_refused(self, client: Client) -> None:
        assert_refused(post(client, REVOKE, token="x"), "token_malformed")


class TestAccess:
    @pytest.fixture
    def pair(self, user: User) -> TokenPair:
        return start_family(user=user)

    def test_one_query_finds_family_and_owner(
        self, client: Client, pair: TokenPair, django_assert_num_queries: Any
    ) -> None:
        TokenFamily.objects.update(last_used_at=timezone.now())
        with django_assert_num_queries(1):
            assert ask(client, pair.access).status_code == 200

    def test_its_use_is_noted(self, client: Client, pair: TokenPair) -> None:
        ask(client, pair.access)
        family = TokenFamily.objects.get()
        assert family.last_used_at
        assert family.last_used_from == "127.0.0.1"

    def test_a_refresh_token_opens_nothing(self, client: Client, pair: TokenPair) -> None:
        assert_refused(ask(client, pair.refresh), "token_wrong_type")

    @pytest.mark.parametrize("text", ["a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJ", "..", "é.b.c"])
    def test_what_is_no_token_is_refused(self, client: Client, text: str) -> None:
        response = client.get(ME, HTTP_AUTHORIZATION=f"Bearer {text}".encode().decode("latin-1"))
        assert response.status_code == 401
        assert response.json()["code"] in ("token_malformed", "token_unknown")

    def test_it_has_the_rights_its_owner_has_now(self, client: Client, user: User, pair: TokenPair) -> None:
        libraries = "/api/v1/functions/?page_size=1"
        assert ask(client, pair.access, libraries).status_code == 200
        body = {"library": "l", "name": "f", "language": "python", "description": "d"}
        header = {"HTTP_AUTHORIZATION": f"Bearer {pair.access}"}
        assert client.post("/api/v1/functions/", body, content_type="application/json", **header).status_code == 403
        User.objects.update(role=Role.CURATOR)
        assert client.post("/api/v1/functions/", body, content_type="application/json", **header).status_code == 201

    def test_it_opens_no_pages(self, client: Client, pair: TokenPair) -> None:
        assert client.get("/account/", HTTP_AUTHORIZATION=f"Bearer {pair.access}").status_code == 302

    def test_a_bad_one_is_not_made_good_by_a_session(self, client: Client, user: User, pair: TokenPair) -> None:
        client.force_login(user)
        TokenFamily.objects.update(revoked_at=timezone.now())
        assert_refused(ask(client, pair.access), "token_revoked")


class TestFamilies:
    def test_ones_own_newest_first_without_any_token(self, client: Client, user: User) -> None:
        client.force_login(user)
        first, second = start_family(user=user, name="one"), start_family(user=user, name="two")
        start_family(user=UserFactory())
        response = client.get(FAMILIES)
        assert [row["name"] for row in response.json()["results"]] == ["two", "one"]
        for pair in (first, second):
            assert pair.family.jti not in response.content.decode()
            assert pair.family.password_mark not in response.content.decode()

    def test_revoking_ends_its_tokens(self, client: Client, user: User) -> None:
        client.force_login(user)
        pair = start_family(user=user)
        assert client.delete(f"{FAMILIES}{pair.family.pk}/").status_code == 204
        assert_refused(ask(Client(), pair.access), "token_revoked")
        [row] = client.get(FAMILIES).json()["results"]
        assert (row["state"], row["ending"]) == ("revoked", "revoked")

    def test_another_users_is_not_there(self, client: Client, user: User) -> None:
        client.force_login(UserFactory(role=Role.ADMIN))
        pair = start_family(user=user)
        assert client.delete(f"{FAMILIES}{pair.family.pk}/").status_code == 404
        assert TokenFamily.objects.get().revoked_at is None

    def test_queries_do_not_grow_with_families(
        self, client: Client, user: User, django_assert_num_queries: Any
    ) -> None:
        client.force_login(user)
        for _ in range(2):
            for _ in range(5):
                start_family(user=user)
            client.get(FAMILIES)
            with django_assert_num_queries(3):  # the signed-in user, the count, the page
                client.get(FAMILIES)


class TestGuessing:
    def test_it_is_locked_together_with_the_pages(self, client: Client, user: User) -> None:
        for _ in range(5):
            post(client, TOKEN, email=user.email, password="wrong")
        response = sign_in(client, user)
        assert (response.status_code, response.json()["code"]) == (429, "throttled")
        assert 0 < int(response["Retry-After"]) <= 300
        page = client.post("/account/login/", {"login": user.email, "password": PASSWORD})
        assert page.status_code == 429
        assert sign_in(client, UserFactory()).status_code == 200

    def test_an_unknown_account_is_locked_like_a_known_one(self, client: Client, user: User) -> None:
        answers = []
        for email in (user.email, "nobody-of-that-name@example.com"):
            tries = [post(client, TOKEN, email=email, password="wrong") for _ in range(6)]
            answers.append([(response.status_code, response.json()["code"]) for response in tries])
        assert answers[0] == answers[1]


class TestSpraying:
    def test_one_network_asks_about_so_many_accounts(self, settings: Settings) -> None:
        settings.LIMIT_SIGN_INS_PER_MINUTE = 2
        client = Client(REMOTE_ADDR="198.51.100.77")
        tries = [post(client, TOKEN, email=f"{name}@example.com", password="wrong") for name in "abc"]
        assert [response.status_code for response in tries] == [401, 401, 429]
        assert tries[2].json()["code"] == "rate_limited"
        assert int(tries[2]["Retry-After"]) >= 1
        page = client.post("/account/login/", {"login": "d@example.com", "password": "wrong"})
        assert page.status_code == 429


class TestWho:
    def test_a_program_signs_in_here_and_nowhere_else(self, client: Client) -> None:
        service = UserFactory(role=Role.SERVICE)
        body = sign_in(client, service).json()
        assert ask(client, body["access"]).json()["role"] == "service"
        assert client.login(username=service.email, password=PASSWORD) is False

    def test_an_address_that_is_not_verified_yet_gets_none(self, client: Client, user: User) -> None:
        EmailAddress.objects.filter(user=user).update(verified=False)
        assert_refused(sign_in(client, user), "email_unverified")
        assert_refused(post(client, TOKEN, email=user.email, password="wrong"), "credentials_wrong")


class TestSecondFactor:
    @pytest.fixture
    def secret(self, user: User) -> str:
        return give_totp(user)

    def test_a_password_alone_is_not_enough(self, client: Client, user: User, secret: str) -> None:
        assert_refused(sign_in(client, user), "otp_required")
        assert not TokenFamily.objects.exists()

    def test_who_must_have_one_sets_it_up_first(self, client: Client, user: User, settings: Settings) -> None:
        settings.REQUIRE_SECOND_FACTOR = "all"
        assert_refused(sign_in(client, user), "second_factor_missing")
        assert_refused(post(client, TOKEN, email=user.email, password="wrong"), "credentials_wrong")
        assert sign_in(client, UserFactory(role=Role.SERVICE)).status_code == 200

    def test_tokens_from_before_it_was_asked_for_are_not_refreshed(
        self, client: Client, user: User, settings: Settings
    ) -> None:
        pair, program = (sign_in(client, who).json() for who in (user, UserFactory(role=Role.SERVICE)))
        settings.REQUIRE_SECOND_FACTOR = "all"
        assert_refused(post(client, REFRESH, refresh=pair["refresh"]), "second_factor_missing")
        assert post(client, REFRESH, refresh=program["refresh"]).status_code == 200
        give_totp(user)
        assert post(client, REFRESH, refresh=pair["refresh"]).status_code == 200

    def test_a_wrong_code_is_refused(self, client: Client, user: User, secret: str) -> None:
        for code in ("abc", f"{code_of(secret)}1", "0"):
            assert_refused(sign_in(client, user, otp=code), "otp_wrong")

    def test_each_code_is_good_once(self, client: Client, user: User, secret: str) -> None:
        code = code_of(secret)
        assert sign_in(client, user, otp=code).status_code == 200
        assert_refused(sign_in(client, user, otp=code), "otp_wrong")

    def test_a_recovery_code_will_do(self, client: Client, user: User, secret: str) -> None:
        [code, *_] = give_recovery_codes(user)
        assert sign_in(client, user, otp=code).status_code == 200
        assert_refused(sign_in(client, user, otp=code), "otp_wrong")

    def test_a_code_helps_no_wrong_password(self, client: Client, user: User, secret: str) -> None:
        wrong = post(client, TOKEN, email=user.email, password="wrong", otp=code_of(secret))
        assert_refused(wrong, "credentials_wrong")
