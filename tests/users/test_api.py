from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.users.models import ApiKey, User
from apps.users.roles import Role
from apps.users.scopes import EVALUATIONS_READ, FUNCTIONS_READ, FUNCTIONS_WRITE, JOBS_READ, scopes_of_role
from apps.users.tokens import new_token
from tests.users.factories import PASSWORD, ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

KEYS = "/api/v1/keys/"
ME = "/api/v1/me/"


@pytest.fixture
def user(client: Client) -> User:
    user = UserFactory()
    client.force_login(user)
    return user


def make(client: Client, **fields: object) -> Any:
    body = {"name": "CI", "scopes": [FUNCTIONS_READ], **fields}
    return client.post(KEYS, body, content_type="application/json")


class TestMe:
    def test_a_person(self, client: Client, user: User) -> None:
        body = client.get(ME).json()
        assert set(body) == {"id", "email", "full_name", "role", "date_joined", "scopes"}
        assert (body["email"], body["role"]) == (user.email, "viewer")
        assert body["scopes"] == list(scopes_of_role(Role.VIEWER))

    def test_a_key_sees_what_it_may_do_itself(self, client: Client) -> None:
        token = new_token()
        ApiKeyFactory(token=token, user__role=Role.ADMIN, scopes=[JOBS_READ])
        assert client.get(ME, HTTP_AUTHORIZATION=f"Bearer {token}").json()["scopes"] == [JOBS_READ]

    def test_nobody(self, client: Client) -> None:
        response = client.get(ME)
        assert response.status_code == 401
        assert response["WWW-Authenticate"].startswith("Bearer")

    def test_nothing_of_oneself_can_be_written(self, client: Client, user: User) -> None:
        for method in (client.put, client.patch, client.post):
            response = method(ME, {"role": "admin"}, content_type="application/json")
            assert response.status_code == 405
        user.refresh_from_db()
        assert user.role == "viewer"


class TestMakeKey:
    def test_the_token_is_shown_this_once(self, client: Client, user: User) -> None:
        response = make(client)
        assert response.status_code == 201
        assert response["Cache-Control"] == "no-store"
        body = response.json()
        assert client.get(ME, HTTP_AUTHORIZATION=f"Bearer {body['token']}").json()["email"] == user.email
        listed = client.get(KEYS).content.decode()
        assert body["prefix"] in listed
        assert body["token"] not in listed
        assert "secret" not in listed
        assert ApiKey.objects.get(pk=body["id"]).secret_hash not in response.content.decode() + listed

    def test_what_was_asked_for_is_what_there_is(self, client: Client, user: User) -> None:
        until = timezone.now() + timedelta(days=3)
        body = make(client, name="Nightly <b>", scopes=[EVALUATIONS_READ, FUNCTIONS_READ], expires_at=until).json()
        assert body["name"] == "Nightly <b>"
        assert body["scopes"] == [FUNCTIONS_READ, EVALUATIONS_READ]
        assert body["state"] == "active"
        assert ApiKey.objects.get(user=user).expires_at == until.replace(microsecond=until.microsecond // 1000 * 1000)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", None),
            ("name", "x" * 101),
            ("name", "a\0b"),
            ("name", {"a": 1}),
            ("scopes", []),
            ("scopes", None),
            ("scopes", "functions:read"),
            ("scopes", ["functions:destroy"]),
            ("scopes", [["functions:read"]]),
            ("scopes", [FUNCTIONS_WRITE]),
            ("scopes", ["*"]),
            ("networks", ["office"]),
            ("networks", "192.0.2.0/24"),
            ("networks", ["10.0.0.0/8"] * 51),
            ("requests_per_minute", 0),
            ("requests_per_minute", "many"),
            ("requests_per_month", -1),
            ("requests_per_month", 10**20),
            ("expires_at", "yesterday"),
            ("expires_at", "2020-01-01T00:00:00Z"),
        ],
    )
    def test_what_is_wrong_is_named_and_changes_nothing(
        self, client: Client, user: User, field: str, value: object
    ) -> None:
        response = make(client, **{field: value})
        assert response.status_code == 400
        assert {error["field"].split(".")[0] for error in response.json()["errors"]} == {field}
        assert not ApiKey.objects.exists()

    @pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"'])
    def test_a_body_that_is_no_object_is_a_bad_request(self, client: Client, user: User, body: str) -> None:
        assert client.post(KEYS, body, content_type="application/json").status_code == 400

    def test_nothing_else_can_be_set(self, client: Client, user: User) -> None:
        other, chosen = UserFactory(role=Role.ADMIN), new_token()
        response = make(
            client,
            user=other.pk,
            user_id=other.pk,
            id=999_999,
            prefix=chosen.prefix,
            secret_hash="0" * 64,
            token=str(chosen),
            created_at="2001-01-01T00:00:00Z",
            last_used_at="2001-01-01T00:00:00Z",
            revoked_at="2001-01-01T00:00:00Z",
        )
        assert response.status_code == 201
        key = ApiKey.objects.get()
        assert key.user == user
        assert key.pk != 999_999
        assert key.prefix != chosen.prefix
        assert key.secret_hash != "0" * 64
        assert key.last_used_at is key.revoked_at is None
        assert key.created_at.year > 2001

    def test_it_cannot_be_answered_twice_without_keeping_the_token(self, client: Client, user: User) -> None:
        body = {"name": "CI", "scopes": [FUNCTIONS_READ]}
        response = client.post(KEYS, body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="once")
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == "Idempotency-Key"
        assert not ApiKey.objects.exists()

    def test_a_key_makes_no_keys(self, client: Client) -> None:
        token = new_token()
        ApiKeyFactory(token=token, user__role=Role.ADMIN, scopes=[FUNCTIONS_READ, FUNCTIONS_WRITE])
        header = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
        body = {"name": "child", "scopes": [FUNCTIONS_READ]}
        response = client.post(KEYS, body, content_type="application/json", **header)
        assert (response.status_code, response.json()["code"]) == (403, "key_not_allowed")
        assert client.get(KEYS, **header).status_code == 403
        assert ApiKey.objects.count() == 1

    def test_a_session_without_its_csrf_token_makes_none(self) -> None:
        client = Client(enforce_csrf_checks=True)
        user = UserFactory()
        client.force_login(user)
        assert make(client).status_code == 403
        key = ApiKeyFactory(user=user)
        assert client.delete(f"{KEYS}{key.pk}/").status_code == 403
        assert ApiKey.objects.get().revoked_at is None

    def test_a_session_with_its_csrf_token_does(self) -> None:
        client = Client(enforce_csrf_checks=True)
        user = UserFactory()
        page = client.get("/account/login/")
        form = {"login": user.email, "password": PASSWORD, "csrfmiddlewaretoken": page.cookies["csrftoken"].value}
        client.post("/account/login/", form)
        body = {"name": "CI", "scopes": [FUNCTIONS_READ]}
        csrf = client.cookies["csrftoken"].value
        response = client.post(KEYS, body, content_type="application/json", HTTP_X_CSRFTOKEN=csrf)
        assert response.status_code == 201


class TestRotateKey:
    def rotate(self, client: Client, key: ApiKey, **body: object) -> Any:
        return client.post(f"{KEYS}{key.pk}/rotate/", body, content_type="application/json")

    def test_the_token_is_shown_this_once(self, client: Client, user: User) -> None:
        key = ApiKeyFactory(user=user)
        response = self.rotate(client, key, overlap_hours=2)
        assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
        body = response.json()
        assert body["prefix"] == key.prefix
        assert Client().get(ME, HTTP_AUTHORIZATION=f"Bearer {body['token']}").status_code == 200
        until = ApiKey.objects.get().former_until
        assert abs(until - timezone.now() - timedelta(hours=2)) < timedelta(minutes=1)
        assert body["token"] not in client.get(KEYS).content.decode()

    @pytest.mark.parametrize("hours", [-1, 721, "x", None, 1.5])
    def test_an_overlap_beyond_reason_changes_nothing(self, client: Client, user: User, hours: object) -> None:
        key = ApiKeyFactory(user=user)
        response = self.rotate(client, key, overlap_hours=hours)
        assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "overlap_hours")
        assert ApiKey.objects.get().secret_hash == key.secret_hash

    def test_what_has_ended_stays_so(self, client: Client, user: User) -> None:
        key = ApiKeyFactory(user=user, revoked_at=timezone.now())
        response = self.rotate(client, key)
        assert (response.status_code, response.json()["code"]) == (409, "key_revoked")

    def test_another_users_key_is_not_there(self, client: Client) -> None:
        client.force_login(UserFactory(role=Role.ADMIN))
        key = ApiKeyFactory()
        assert self.rotate(client, key).status_code == 404
        assert ApiKey.objects.get().secret_hash == key.secret_hash

    def test_a_key_rotates_none(self, client: Client) -> None:
        token = new_token()
        key = ApiKeyFactory(token=token, user__role=Role.ADMIN)
        response = client.post(f"{KEYS}{key.pk}/rotate/", HTTP_AUTHORIZATION=f"Bearer {token}")
        assert (response.status_code, response.json()["code"]) == (403, "key_not_allowed")


class TestListKeys:
    def test_ones_own_newest_first(self, client: Client, user: User) -> None:
        first, second = ApiKeyFactory(user=user), ApiKeyFactory(user=user, revoked_at=timezone.now())
        ApiKeyFactory()
        rows = client.get(KEYS).json()["results"]
        assert [(row["id"], row["state"]) for row in rows] == [(second.pk, "revoked"), (first.pk, "active")]

    def test_queries_do_not_grow_with_keys(self, client: Client, user: User, django_assert_num_queries) -> None:
        for count in (1, 20):
            ApiKeyFactory.create_batch(count, user=user)
            client.get(KEYS)
            with django_assert_num_queries(3):  # the signed-in user, the count, the page
                client.get(KEYS)


class TestRevokeKey:
    def test_at_once_and_again(self, client: Client, user: User) -> None:
        token = new_token()
        key = ApiKeyFactory(token=token, user=user)
        assert client.delete(f"{KEYS}{key.pk}/").status_code == 204
        assert client.get(ME, HTTP_AUTHORIZATION=f"Bearer {token}").json()["code"] == "key_revoked"
        assert client.delete(f"{KEYS}{key.pk}/").status_code == 204

    def test_it_may_be_sent_twice_under_one_name(self, client: Client, user: User) -> None:
        key = ApiKeyFactory(user=user)
        for _ in range(2):
            assert client.delete(f"{KEYS}{key.pk}/", HTTP_IDEMPOTENCY_KEY="end it").status_code == 204

    def test_another_users_key_is_not_there(self, client: Client) -> None:
        client.force_login(UserFactory(role=Role.ADMIN))
        key = ApiKeyFactory()
        assert client.delete(f"{KEYS}{key.pk}/").status_code == 404
        key.refresh_from_db()
        assert key.revoked_at is None

    @pytest.mark.parametrize("pk", ["0", "-1", "x", "9" * 30, "1%00", "null"])
    def test_what_is_no_key_is_not_there(self, client: Client, user: User, pk: str) -> None:
        assert client.delete(f"{KEYS}{pk}/").status_code == 404

    def test_keys_cannot_be_edited(self, client: Client, user: User) -> None:
        key = ApiKeyFactory(user=user)
        for method in (client.put, client.patch):
            response = method(f"{KEYS}{key.pk}/", {"scopes": [FUNCTIONS_WRITE]}, content_type="application/json")
            assert response.status_code == 405


def test_a_misspelt_parameter_is_named(client: Client, user: User) -> None:
    for page in (ME, KEYS):
        response = client.get(page, {"pgae": "2"})
        assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "pgae")


def test_the_openapi_shows_keys_and_how_to_send_them(client: Client, user: User) -> None:
    response = client.get("/api/v1/schema/?format=json")
    assert response.status_code == 200
    schema = response.json()
    assert schema["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer"
    assert {"apiKey": []} in schema["paths"][ME]["get"]["security"]
    made = schema["paths"][KEYS]["post"]["responses"]["201"]["content"]["application/json"]["schema"]["$ref"]
    assert "token" in schema["components"]["schemas"][made.rsplit("/", 1)[1]]["properties"]
