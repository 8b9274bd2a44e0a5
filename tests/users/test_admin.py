import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from apps.core.models import AuditEntry
from apps.users.models import ApiKey, User
from apps.users.roles import Role
from tests.users.factories import PASSWORD, ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

USERS, KEYS = "/admin/users/user/", "/admin/users/apikey/"
HTML = "<script>alert(1)</script>"


@pytest.fixture
def admin(client: Client) -> User:
    admin = UserFactory(role=Role.ADMIN)
    client.force_login(admin)
    return admin


def edit(client: Client, user: User, **fields: object) -> Any:
    form = {"email": user.email, "full_name": user.full_name, "role": user.role, "is_active": "on", **fields}
    return client.post(f"{USERS}{user.pk}/change/", {k: v for k, v in form.items() if v is not None})


class TestWhoGetsIn:
    @pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.SERVICE, 302)])
    def test_readers_do_not(self, client: Client, role: Role, status: int) -> None:
        client.force_login(UserFactory(role=role))
        assert client.get("/admin/").status_code == status

    def test_curators_do_but_not_to_people_and_keys(self, client: Client) -> None:
        client.force_login(UserFactory(role=Role.CURATOR))
        user, key = UserFactory(), ApiKeyFactory()
        index = client.get("/admin/")
        assert index.status_code == 200
        assert USERS not in index.content.decode()
        for page in (
            USERS,
            f"{USERS}add/",
            f"{USERS}{user.pk}/change/",
            f"{USERS}{user.pk}/password/",
            KEYS,
            f"{KEYS}{key.pk}/change/",
        ):
            assert client.get(page).status_code == 403, page

    def test_a_curator_cannot_become_admin(self, client: Client) -> None:
        curator = UserFactory(role=Role.CURATOR)
        client.force_login(curator)
        assert edit(client, curator, role=Role.ADMIN).status_code == 403
        curator.refresh_from_db()
        assert curator.role == Role.CURATOR

    def test_admins_do(self, client: Client, admin: User) -> None:
        page = client.get("/admin/").content.decode()
        assert USERS in page
        assert KEYS in page

    def test_there_are_no_groups(self, client: Client, admin: User) -> None:
        assert client.get("/admin/auth/group/").status_code == 404


class TestUsers:
    def test_the_list_is_searched_and_filtered(self, client: Client, admin: User) -> None:
        ada = UserFactory(full_name="Ada Byron", role=Role.VIEWER)
        bob = UserFactory(full_name="Bob", role=Role.CURATOR)
        by_name = client.get(USERS, {"q": "byron"}).content.decode()
        assert ada.email in by_name
        assert bob.email not in by_name
        by_role = client.get(USERS, {"role__exact": "curator"}).content.decode()
        assert bob.email in by_role
        assert ada.email not in by_role

    def test_the_password_cannot_be_fished_for(self, client: Client, admin: User) -> None:
        assert client.get(USERS, {"password__startswith": "argon2"}).status_code == 400

    def test_queries_do_not_grow_with_users(self, client: Client, admin: User, django_assert_num_queries) -> None:
        for count in (1, 30):
            UserFactory.create_batch(count, password=None)
            client.get(USERS)
            with django_assert_num_queries(3):  # session's user, count, page
                client.get(USERS)

    def test_a_new_user_gets_a_hashed_password(self, client: Client, admin: User) -> None:
        form = {"email": "New@Example.com", "full_name": "New", "role": "curator"}
        client.post(f"{USERS}add/", {**form, "password1": PASSWORD, "password2": PASSWORD})
        user = User.objects.get(email="new@example.com")
        assert user.role == Role.CURATOR
        assert user.check_password(PASSWORD)
        assert user.password != PASSWORD

    @pytest.mark.parametrize(
        "fields",
        [
            {"email": "nonsense"},
            {"role": "owner"},
            {"role": ""},
            {"password2": "different 99"},
            {"password1": "short", "password2": "short"},
        ],
    )
    def test_a_wrong_new_user_is_not_made(self, client: Client, admin: User, fields: dict[str, str]) -> None:
        form = {"email": "new@example.com", "role": "viewer", "password1": PASSWORD, "password2": PASSWORD}
        response = client.post(f"{USERS}add/", {**form, **fields})
        assert response.status_code == 200
        assert User.objects.count() == 1

    def test_an_address_that_is_taken_in_another_case_is_refused(self, client: Client, admin: User) -> None:
        form = {"email": admin.email.upper(), "role": "viewer", "password1": PASSWORD, "password2": PASSWORD}
        response = client.post(f"{USERS}add/", form)
        assert "This address has an account." in response.content.decode()

    def test_editing_does_not_touch_the_password(self, client: Client, admin: User) -> None:
        user = UserFactory()
        response = edit(client, user, role="curator", password=make_password("planted"))
        assert response.status_code == 302
        user.refresh_from_db()
        assert user.role == Role.CURATOR
        assert user.check_password(PASSWORD)

    def test_the_hash_is_not_on_the_page(self, client: Client, admin: User) -> None:
        user = UserFactory()
        assert user.password.split("$")[-1] not in client.get(f"{USERS}{user.pk}/change/").content.decode()

    def test_a_password_is_set_on_its_own_page(self, client: Client, admin: User) -> None:
        user = UserFactory()
        page = f"{USERS}{user.pk}/password/"
        assert client.get(page).status_code == 200
        client.post(page, {"password1": "fresh horse 9", "password2": "fresh horse 9", "usable_password": "true"})
        user.refresh_from_db()
        assert user.check_password("fresh horse 9")

    @pytest.mark.parametrize("fields", [{"role": "viewer"}, {"is_active": None}])
    def test_the_last_admin_stays(self, client: Client, admin: User, fields: dict[str, object]) -> None:
        response = edit(client, admin, **fields)
        assert "last active admin" in response.content.decode()
        admin.refresh_from_db()
        assert (admin.role, admin.is_active) == (Role.ADMIN, True)

    @pytest.mark.parametrize("fields", [{"role": "viewer"}, {"is_active": None}])
    def test_one_of_two_admins_may_go(self, client: Client, admin: User, fields: dict[str, object]) -> None:
        other = UserFactory(role=Role.ADMIN)
        assert edit(client, other, **fields).status_code == 302

    def test_nobody_is_deleted(self, client: Client, admin: User) -> None:
        user = UserFactory()
        assert client.post(f"{USERS}{user.pk}/delete/", {"post": "yes"}).status_code == 403
        client.post(USERS, {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"})
        assert User.objects.filter(pk=user.pk).exists()

    def test_html_in_names_is_text(self, client: Client, admin: User) -> None:
        UserFactory(full_name=HTML)
        assert HTML not in client.get(USERS).content.decode()


class TestKeys:
    @pytest.mark.parametrize("state", ["active", "expired", "revoked"])
    def test_the_list_is_filtered_by_state(self, client: Client, admin: User, state: str) -> None:
        past = timezone.now() - timedelta(days=1)
        keys = [ApiKeyFactory(), ApiKeyFactory(expires_at=past), ApiKeyFactory(revoked_at=past)]
        page = client.get(KEYS, {"state": state}).content.decode()
        assert [key.prefix in page for key in keys] == [key.state == state for key in keys]

    def test_a_state_that_is_none_shows_all(self, client: Client, admin: User) -> None:
        assert ApiKeyFactory().prefix in client.get(KEYS, {"state": "odd"}).content.decode()

    def test_it_is_searched_by_owner_and_prefix(self, client: Client, admin: User) -> None:
        key, other = ApiKeyFactory(), ApiKeyFactory()
        for query in (key.user.email, key.prefix):
            page = client.get(KEYS, {"q": query}).content.decode()
            assert key.prefix in page
            assert other.prefix not in page

    @pytest.mark.parametrize(
        ("scopes", "text"),
        [
            ([], "none"),
            (["functions:read"], "functions:read"),
            (["functions:read", "jobs:read", "jobs:write"], "functions:read and 2 more"),
        ],
    )
    def test_a_line_says_the_first_scope(self, client: Client, admin: User, scopes: list[str], text: str) -> None:
        ApiKeyFactory(scopes=scopes)
        assert re.search(rf">\s*{text}\s*<", client.get(KEYS).content.decode())

    def test_queries_do_not_grow_with_keys(self, client: Client, admin: User, django_assert_num_queries) -> None:
        for count in (1, 30):
            ApiKeyFactory.create_batch(count, user__password=None)
            client.get(KEYS)
            with django_assert_num_queries(3):  # session's user, count, page with owners
                client.get(KEYS)

    def test_a_key_is_only_looked_at(self, client: Client, admin: User) -> None:
        key = ApiKeyFactory(name=HTML)
        page = client.get(f"{KEYS}{key.pk}/change/").content.decode()
        assert key.prefix in page
        assert key.secret_hash not in page
        assert HTML not in page
        client.post(f"{KEYS}{key.pk}/change/", {"scopes": '["functions:write"]', "secret_hash": "0" * 64})
        unchanged = ApiKey.objects.get(pk=key.pk)
        assert (unchanged.scopes, unchanged.secret_hash) == (key.scopes, key.secret_hash)

    def test_none_is_added_or_deleted_here(self, client: Client, admin: User) -> None:
        key = ApiKeyFactory()
        assert client.get(f"{KEYS}add/").status_code == 403
        assert client.post(f"{KEYS}{key.pk}/delete/", {"post": "yes"}).status_code == 403

    def test_many_are_revoked_at_once(self, client: Client, admin: User) -> None:
        first, second, other = ApiKeyFactory.create_batch(3)
        form = {"action": "revoke_selected", "_selected_action": [first.pk, second.pk]}
        response = client.post(KEYS, form, follow=True)
        assert "2 revoked." in response.content.decode()
        assert set(ApiKey.objects.filter(revoked_at=None)) == {other}


def test_an_action_on_keys_is_noted_in_the_audit_log(client: Client, admin: User) -> None:
    key = ApiKeyFactory()
    form = {"action": "revoke_selected", "_selected_action": [key.pk]}
    client.post("/admin/users/apikey/", form)
    entry = AuditEntry.objects.get(event="admin.action")
    assert entry.additional_data["action"] == "revoke_selected"
    assert entry.additional_data["selected"] == [str(key.pk)]
