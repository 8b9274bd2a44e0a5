from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.users import authentication
from apps.users.models import ApiKey
from apps.users.roles import Role
from apps.users.services import rotate_key
from apps.users.tokens import Token, new_token
from tests.users.factories import PASSWORD, ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ME = "/api/v1/me/"


def ask(client: Client, header: str | bytes) -> Any:
    # The WSGI server hands over the header's bytes as latin-1.
    text = header.decode("latin-1") if isinstance(header, bytes) else header
    return client.get(ME, HTTP_AUTHORIZATION=text)


@pytest.fixture
def token() -> Token:
    return new_token()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Api-Key", "api-key"])
def test_a_live_key_acts_as_its_owner(client: Client, token: Token, scheme: str) -> None:
    key = ApiKeyFactory(token=token)
    response = ask(client, f"{scheme} {token}")
    assert response.status_code == 200
    assert response.json()["email"] == key.user.email


def test_one_query_finds_key_and_owner(client: Client, token: Token, django_assert_num_queries) -> None:
    ApiKeyFactory(token=token, last_used_at=timezone.now())
    with django_assert_num_queries(1):
        assert ask(client, f"Bearer {token}").status_code == 200


def test_its_use_is_noted(client: Client, token: Token) -> None:
    key = ApiKeyFactory(token=token)
    ask(client, f"Bearer {token}")
    assert timezone.now() - ApiKey.objects.get(pk=key.pk).last_used_at < timedelta(minutes=1)


def test_a_refused_use_is_not_noted(client: Client, token: Token) -> None:
    key = ApiKeyFactory(token=token, revoked_at=timezone.now())
    ask(client, f"Bearer {token}")
    ask(client, f"Bearer {key.prefix}_{new_token().secret}")
    assert ApiKey.objects.get(pk=key.pk).last_used_at is None


DEAD = [
    ({"expires_at": datetime(2020, 2, 3, tzinfo=UTC)}, "key_expired", "expired on 2020-02-03"),
    ({"revoked_at": datetime(2020, 2, 3, tzinfo=UTC)}, "key_revoked", "revoked on 2020-02-03"),
    ({"user__is_active": False}, "key_owner_inactive", "deactivated"),
]


@pytest.mark.parametrize(("fields", "code", "said"), DEAD)
def test_a_dead_key_is_told_why(client: Client, token: Token, fields: dict[str, object], code: str, said: str) -> None:
    ApiKeyFactory(token=token, **fields)
    response = ask(client, f"Bearer {token}")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="Touchstone"'
    assert response.json()["code"] == code
    assert said in response.json()["detail"]


@pytest.mark.parametrize(("fields", "_code", "_said"), DEAD)
def test_without_the_secret_a_dead_key_tells_nothing(
    client: Client, token: Token, fields: dict[str, object], _code: str, _said: str
) -> None:
    ApiKeyFactory(token=token, **fields)
    assert ask(client, f"Bearer {token.prefix}_{new_token().secret}").json()["code"] == "key_unknown"


def test_a_wrong_secret_reads_like_a_wrong_prefix(client: Client, token: Token) -> None:
    ApiKeyFactory(token=token)
    wrong_secret = ask(client, f"Bearer {token.prefix}_{new_token().secret}")
    wrong_prefix = ask(client, f"Bearer {new_token()}")
    assert wrong_secret.status_code == wrong_prefix.status_code == 401
    assert wrong_secret.json()["detail"] == wrong_prefix.json()["detail"] == "The API key is unknown."


def test_secrets_are_compared_by_hash_also_when_there_is_no_key(token: Token, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    monkeypatch.setattr(authentication, "same_secret", lambda secret, secret_hash: compared.append(secret_hash))
    with pytest.raises(authentication.AuthenticationFailed):
        authentication.find_key(token)
    assert compared == ["0" * 64] * 2  # the present secret's, and the one's before


class TestRotated:
    @pytest.fixture
    def key(self, token: Token) -> ApiKey:
        return ApiKeyFactory(token=token)

    def test_both_secrets_are_good_while_they_overlap(self, client: Client, token: Token, key: ApiKey) -> None:
        renewed = rotate_key(key=key, overlap=timedelta(hours=1))
        for secret in (token, renewed):
            assert ask(client, f"Bearer {secret}").status_code == 200

    def test_the_old_one_is_told_that_it_is_over(self, client: Client, token: Token, key: ApiKey) -> None:
        renewed = rotate_key(key=key)
        response = ask(client, f"Bearer {token}")
        assert (response.status_code, response.json()["code"]) == (401, "key_rotated")
        assert ask(client, f"Bearer {renewed}").status_code == 200

    def test_an_overlap_ends_by_itself(
        self, client: Client, token: Token, key: ApiKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rotate_key(key=key, overlap=timedelta(hours=1))
        until = ApiKey.objects.get().former_until
        monkeypatch.setattr(timezone, "now", lambda: until)
        assert ask(client, f"Bearer {token}").json()["code"] == "key_rotated"

    def test_what_was_before_both_is_unknown(self, client: Client, token: Token, key: ApiKey) -> None:
        for _ in range(2):
            rotate_key(key=key, overlap=timedelta(hours=1))
        assert ask(client, f"Bearer {token}").json()["code"] == "key_unknown"

    def test_a_revoked_key_is_revoked_with_both(self, client: Client, token: Token, key: ApiKey) -> None:
        renewed = rotate_key(key=key, overlap=timedelta(hours=1))
        ApiKey.objects.update(revoked_at=timezone.now())
        for secret in (token, renewed):
            assert ask(client, f"Bearer {secret}").json()["code"] == "key_revoked"


def test_no_secret_matches_the_stand_in_for_no_key(client: Client) -> None:
    token = new_token()
    ApiKeyFactory(prefix=token.prefix, secret_hash=authentication.NO_HASH)
    assert ask(client, f"Bearer {token}").status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer ts_ab12cd34",
        "Bearer ts_ab12cd34_" + "a" * 42 + "\0",
        "Bearer ts_ab12cd34_" + "a" * 10_000,
        "Bearer ts_ab12cd34_" + "a" * 43 + " " + "b" * 43,
        "Bearer ts_ab12cd34_" + "a" * 43 + "' OR 1=1 --",
        "Bearer ts_ab12cd34_é".encode(),
        b"Bearer \xff\xfe\x00",
        "Api-Key ключ".encode(),
    ],
)
def test_what_is_no_key_is_called_malformed(client: Client, header: str | bytes) -> None:
    response = ask(client, header)
    assert response.status_code == 401
    assert response.json()["code"] == "key_malformed"
    assert response.has_header("WWW-Authenticate")


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Digest x", b"\xff", "ts_ab12cd34_" + "a" * 43])
def test_other_schemes_are_left_alone(client: Client, header: str | bytes) -> None:
    response = ask(client, header)
    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"


def test_a_bad_key_is_not_made_good_by_a_session(client: Client) -> None:
    client.force_login(UserFactory())
    assert ask(client, f"Bearer {new_token()}").status_code == 401


def test_a_key_does_not_start_a_session(client: Client, token: Token) -> None:
    ApiKeyFactory(token=token)
    assert ask(client, f"Bearer {token}").cookies == {}


def test_a_key_opens_no_pages(client: Client, token: Token) -> None:
    ApiKeyFactory(token=token, user__role=Role.ADMIN)
    header = f"Bearer {token}"
    assert client.get("/account/", HTTP_AUTHORIZATION=header).status_code == 302
    assert client.get("/admin/", HTTP_AUTHORIZATION=header).status_code == 302


def test_the_password_is_no_key(client: Client) -> None:
    UserFactory()
    assert ask(client, f"Bearer {PASSWORD}").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_meanwhile_costs_no_request(client: Client, token: Token) -> None:
    ApiKeyFactory(token=token, last_used_at=timezone.now())
    assert ask(client, f"Bearer {token}").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [backend])
    other.close()
    connection.health_check_enabled, connection.health_check_done = True, False  # as when a request begins
    assert ask(client, f"Bearer {token}").status_code == 200
