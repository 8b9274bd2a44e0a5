import json
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from apps.core.secrets.keys import make_key
from apps.users.models import User
from apps.users.roles import Role
from tests.users.accounts.helpers import (
    CODE,
    LOGIN,
    code_of,
    give_recovery_codes,
    give_totp,
    is_signed_in,
    prove_again,
    sign_in,
)
from tests.users.factories import ApiKeyFactory, UserFactory, new_token

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

FACTORS, APP = "/account/second-factor/", "/account/second-factor/app/"
RECOVERY, PASSKEYS = "/account/second-factor/recovery/", "/account/passkeys/"
SEARCH = "/functions/"
ANSWER = {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"userHandle": "MQ", "signature": "AA"}}
PARTS = {"clientDataJSON": "e30", "authenticatorData": "AA", "attestationObject": "AA"}
HOSTILE = [
    "",
    "{}",
    "[]",
    "[1]",
    "null",
    '"x"',
    "7",
    '{"id": 1, "response": {"userHandle": 7}}',
    '{"id": "x", "response": []}',
    json.dumps(ANSWER),
    json.dumps({**ANSWER, "response": {**ANSWER["response"], **PARTS}}),
]
LIMIT = django_settings.AXES_FAILURE_LIMIT


@pytest.fixture
def user() -> User:
    return UserFactory()


def give_passkey(user: User, name: str = "Laptop") -> Authenticator:
    return Authenticator.objects.create(user=user, type="webauthn", data={"name": name, "credential": {}})


def read_codes(page: str) -> list[str]:
    """The recovery codes, which stand in lines of their own: an address may have eight digits in a row as well."""
    return re.findall(r"^ *(?:<pre[^>]*>)?(\d{8})$", page, re.M)


class TestSignIn:
    def test_the_password_alone_is_not_enough(self, client: Client, user: User) -> None:
        give_totp(user)
        assert sign_in(client, user)["Location"] == CODE
        assert not is_signed_in(client)
        assert client.get(SEARCH).status_code == 302

    def test_with_the_code_it_is(self, client: Client, user: User) -> None:
        secret = give_totp(user)
        sign_in(client, user, next="/account/keys/")
        assert client.post(CODE, {"code": "000000"}).status_code == 422
        assert not is_signed_in(client)
        assert client.post(CODE, {"code": code_of(secret)})["Location"] == "/account/keys/"
        assert is_signed_in(client)

    def test_a_code_that_was_seen_lets_nobody_else_in(self, client: Client, user: User) -> None:
        code = code_of(give_totp(user))
        sign_in(client, user)
        client.post(CODE, {"code": code})
        thief = Client()
        sign_in(thief, user)
        response = thief.post(CODE, {"code": code})
        assert response.status_code == 422
        assert "wrong, or was used before" in response.content.decode()
        assert not is_signed_in(thief)

    def test_a_recovery_code_lets_in_once(self, client: Client, user: User) -> None:
        give_totp(user)
        code = give_recovery_codes(user)[0]
        sign_in(client, user)
        client.post(CODE, {"code": code})
        assert is_signed_in(client)
        again = Client()
        sign_in(again, user)
        assert again.post(CODE, {"code": code}).status_code == 422

    def test_guessing_codes_locks_the_account_here_and_nowhere_else(self, client: Client, user: User) -> None:
        secret = give_totp(user)
        sign_in(client, user)
        statuses = [client.post(CODE, {"code": "000000"}).status_code for _ in range(LIMIT)]
        assert statuses == [422] * (LIMIT - 1) + [429]
        response = client.post(CODE, {"code": code_of(secret)})
        assert response.status_code == 429
        assert 240 < int(response["Retry-After"]) <= 300
        assert "Try again in 5 minutes." in response.content.decode()
        assert not is_signed_in(client)
        elsewhere = Client(REMOTE_ADDR="192.0.2.77")
        sign_in(elsewhere, user)
        elsewhere.post(CODE, {"code": code_of(secret)})
        assert is_signed_in(elsewhere)

    def test_giving_the_password_again_buys_no_more_guesses(self, client: Client, user: User) -> None:
        give_totp(user)
        for _ in range(LIMIT):
            sign_in(client, user)
            client.post(CODE, {"code": "000000"})
        assert sign_in(Client(), user).status_code == 429

    def test_without_the_password_there_is_no_page_for_codes(self, client: Client) -> None:
        assert client.get(CODE)["Location"] == LOGIN
        assert client.post(CODE, {"code": "000000"})["Location"] == LOGIN

    def test_it_can_be_left(self, client: Client, user: User) -> None:
        give_totp(user)
        sign_in(client, user)
        client.post("/account/logout/")
        assert client.get(CODE)["Location"] == LOGIN

    def test_nobody_is_sent_elsewhere_after_the_code(self, client: Client, user: User) -> None:
        secret = give_totp(user)
        sign_in(client, user, next="//evil.example/")
        assert "evil" not in client.post(CODE + "?next=//evil.example/", {"code": code_of(secret)})["Location"]

    def test_the_back_office_asks_for_it_too(self, client: Client) -> None:
        admin = UserFactory(role=Role.ADMIN)
        secret = give_totp(admin)
        sign_in(client, admin, next="/admin/")
        assert client.get("/admin/").status_code == 302
        assert client.post(CODE, {"code": code_of(secret)})["Location"] == "/admin/"
        assert client.get("/admin/").status_code == 200


class TestSetUpApp:
    @pytest.fixture
    def client(self, client: Client, user: User) -> Client:
        client.force_login(user)
        return client

    def read_secret(self, client: Client) -> str:
        found = re.search(r'id="totp-secret">(\w+)<', client.get(APP).content.decode())
        assert found is not None
        return found[1]

    def set_up(self, client: Client) -> Any:
        prove_again(client)
        return client.post(APP, {"code": code_of(self.read_secret(client))})

    def test_the_password_is_asked_for_first(self, client: Client) -> None:
        assert client.get(APP)["Location"] == "/account/reauthenticate/?next=%2Faccount%2Fsecond-factor%2Fapp%2F"

    def test_the_secret_is_shown_as_a_picture_and_as_text(self, client: Client) -> None:
        prove_again(client)
        page = client.get(APP).content.decode()
        assert 'src="data:image/svg+xml;base64,' in page
        assert len(self.read_secret(client)) == 32

    def test_a_wrong_code_turns_nothing_on(self, client: Client, user: User) -> None:
        prove_again(client)
        self.read_secret(client)
        assert client.post(APP, {"code": "000000"}).status_code == 422
        assert not Authenticator.objects.filter(user=user).exists()

    def test_the_right_one_turns_it_on_and_shows_recovery_codes_once(self, client: Client, user: User) -> None:
        assert self.set_up(client)["Location"] == RECOVERY
        codes = read_codes(client.get(RECOVERY).content.decode())
        assert len(codes) == 10
        again = client.get(RECOVERY).content.decode()
        assert codes[0] not in again
        assert "10 of 10 are left" in again
        assert {row.type for row in Authenticator.objects.filter(user=user)} == {"totp", "recovery_codes"}

    def test_the_code_that_set_it_up_signs_nobody_in(self, client: Client, user: User) -> None:
        prove_again(client)
        code = code_of(self.read_secret(client))
        client.post(APP, {"code": code})
        thief = Client()
        sign_in(thief, user)
        assert thief.post(CODE, {"code": code}).status_code == 422

    def test_it_is_turned_off_with_its_recovery_codes(self, client: Client, user: User) -> None:
        self.set_up(client)
        assert client.post(f"{APP}remove/")["Location"] == FACTORS
        assert not Authenticator.objects.filter(user=user).exists()

    def test_new_recovery_codes_end_the_former(self, client: Client, user: User) -> None:
        give_totp(user)
        former = give_recovery_codes(user)
        prove_again(client)
        client.post(f"{RECOVERY}new/")
        page = client.get(RECOVERY).content.decode()
        assert not any(code in page for code in former)
        assert f"data:text/plain;charset=utf-8,{read_codes(page)[0]}" in page

    def test_the_page_says_what_is_set_up(self, client: Client, user: User, django_assert_max_num_queries) -> None:
        give_totp(user)
        give_recovery_codes(user)
        give_passkey(user)
        with django_assert_max_num_queries(8):
            page = client.get(FACTORS).content.decode()
        for words in ("On since", "You have 1.", "10 left"):
            assert words in page


class TestLostKey:
    """The key that encrypted the secrets of somebody's factors is not in SECRETS_KEYS any more."""

    @pytest.fixture(autouse=True)
    def lost(self, client: Client, user: User, settings: Settings) -> None:
        give_totp(user)
        give_recovery_codes(user)
        client.force_login(user)
        prove_again(client)
        self.keys, settings.SECRETS_KEYS = settings.SECRETS_KEYS, [make_key()]

    def test_the_page_says_what_is_lost_and_what_to_do(self, client: Client) -> None:
        page = client.get(FACTORS).content.decode()
        assert "What is kept of your app cannot be read any more" in page
        assert "What is kept of them cannot be read any more" in page
        assert f'href="{RECOVERY}new/">Make new ones' in page

    def test_that_of_the_codes_offers_new_ones(self, client: Client) -> None:
        response = client.get(RECOVERY)
        page = response.content.decode()
        assert response.status_code == 200
        assert "cannot be read any more" in page
        assert f'href="{RECOVERY}new/">Make new ones' in page
        assert 'id="recovery-codes"' not in page

    def test_new_ones_are_made_and_shown(self, client: Client) -> None:
        assert "The new ones are shown once" in client.get(f"{RECOVERY}new/").content.decode()
        assert client.post(f"{RECOVERY}new/")["Location"] == RECOVERY
        assert 'id="recovery-codes"' in client.get(RECOVERY).content.decode()
        assert "10 left" in client.get(FACTORS).content.decode()

    def test_when_the_key_is_back_so_are_the_codes_not_shown_meanwhile(
        self, client: Client, settings: Settings
    ) -> None:
        client.get(RECOVERY)
        settings.SECRETS_KEYS = self.keys
        assert 'id="recovery-codes"' in client.get(RECOVERY).content.decode()


class TestPasskeys:
    def test_only_ones_own(self, client: Client, user: User) -> None:
        mine, other = give_passkey(user, "Mine"), give_passkey(UserFactory(), "Theirs")
        client.force_login(user)
        prove_again(client)
        page = client.get(PASSKEYS).content.decode()
        assert "Mine" in page
        assert "Theirs" not in page
        for action in ("name", "remove"):
            assert client.get(f"{PASSKEYS}{mine.pk}/{action}/").status_code == 200
            assert client.post(f"{PASSKEYS}{other.pk}/{action}/", {"name": "Taken"}).status_code == 404

    def test_they_are_named_and_removed(self, client: Client, user: User) -> None:
        key = give_passkey(user)
        client.force_login(user)
        prove_again(client)
        client.post(f"{PASSKEYS}{key.pk}/name/", {"name": "<b>Key</b>"})
        page = client.get(PASSKEYS).content.decode()
        assert "&lt;b&gt;Key&lt;/b&gt;" in page
        client.post(f"{PASSKEYS}{key.pk}/remove/")
        assert not Authenticator.objects.filter(user=user).exists()

    def test_adding_asks_the_browser_for_this_site(self, client: Client, user: User) -> None:
        client.force_login(user)
        prove_again(client)
        page = client.get(f"{PASSKEYS}add/").content.decode()
        options = json.loads(re.findall(r'<script id="js_data" type="application/json">(.*?)</script>', page)[0])
        asked = options["creation_options"]["publicKey"]
        assert asked["rp"] == {"id": "testserver", "name": "Touchstone"}
        assert asked["user"]["name"] == user.email

    @pytest.mark.parametrize("credential", HOSTILE)
    def test_what_is_no_answer_of_a_browser_is_only_wrong(self, client: Client, user: User, credential: str) -> None:
        client.get(f"{PASSKEYS}login/", HTTP_ACCEPT="application/json")
        assert client.post(f"{PASSKEYS}login/", {"credential": credential})["Location"] == LOGIN
        give_totp(user)
        sign_in(client, user)
        assert client.post(CODE, {"credential": credential}).status_code == 422
        assert not is_signed_in(client)

    @pytest.mark.parametrize("credential", HOSTILE)
    def test_what_is_no_answer_of_a_browser_adds_nothing(self, client: Client, user: User, credential: str) -> None:
        client.force_login(user)
        prove_again(client)
        client.get(f"{PASSKEYS}add/")
        response = client.post(f"{PASSKEYS}add/", {"name": "x", "credential": credential, "passwordless": "on"})
        assert response.status_code == 422
        assert not Authenticator.objects.exists()

    @pytest.mark.parametrize(
        ("person", "let_in"), [({}, True), ({"is_active": False}, False), ({"role": Role.SERVICE}, False)]
    )
    def test_it_signs_in_alone_whoever_may(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, person: dict[str, Any], let_in: bool
    ) -> None:
        key = give_passkey(UserFactory(**person))
        monkeypatch.setattr(webauthn, "parse_authentication_response", lambda credential: credential)
        monkeypatch.setattr(webauthn, "extract_user_from_response", lambda credential: key.user)
        monkeypatch.setattr(webauthn, "complete_authentication", lambda user, credential: key)
        response = client.post(f"{PASSKEYS}login/", {"credential": '{"id": "x"}', "next": "/account/keys/"})
        assert response["Location"] == ("/account/keys/" if let_in else LOGIN)
        assert is_signed_in(client) == let_in


class TestRequired:
    @pytest.fixture(autouse=True)
    def required(self, settings) -> None:
        settings.REQUIRE_SECOND_FACTOR = "staff"

    def test_staff_without_one_set_it_up_first(self, client: Client) -> None:
        curator = UserFactory(role=Role.CURATOR)
        client.force_login(curator)
        for page in (SEARCH, "/admin/", "/account/keys/"):
            assert client.get(page)["Location"] == FACTORS, page
        assert "must have a second factor" in client.get(FACTORS).content.decode()
        assert client.get(APP).status_code == 302
        give_totp(curator)
        assert client.get(SEARCH).status_code == 200

    def test_the_api_says_so_to_a_session(self, client: Client) -> None:
        client.force_login(UserFactory(role=Role.ADMIN))
        response = client.get("/api/v1/me/")
        assert (response.status_code, response.json()["code"]) == (403, "second_factor_missing")

    def test_programs_are_not_asked(self, client: Client) -> None:
        token = new_token()
        ApiKeyFactory(token=token, user__role=Role.CURATOR)
        assert client.get("/api/v1/me/", HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 200

    def test_others_need_none(self, client: Client, user: User) -> None:
        client.force_login(user)
        assert client.get(SEARCH).status_code == 200
