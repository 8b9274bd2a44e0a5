from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.core.audit import record
from apps.core.audit.models import AuditEntry
from apps.users.models import User
from apps.users.roles import Role
from apps.users.scopes import AUDIT_READ, FUNCTIONS_READ
from tests.api import client_of, client_with_key, fault
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

AUDIT = "/api/v1/audit/"


@pytest.fixture
def ann() -> User:
    return UserFactory.create(email="ann@example.org")


def actions(query: str) -> list[str]:
    response = client_of(Role.ADMIN).get(AUDIT + query)
    assert response.status_code == 200, response.json()
    return [row["action"] for row in response.json()["results"]]


def test_an_entry_is_as_it_was_written(ann: User) -> None:
    entry = record(
        "role.changed", actor=ann, subject=ann, before={"role": "viewer"}, after={"role": "admin"}, by="hand"
    )
    row = client_of(Role.ADMIN).get(f"{AUDIT}?action=role.changed").json()["results"][0]
    assert row == {
        "id": entry.pk,
        "time": entry.timestamp.isoformat(),
        "action": "role.changed",
        "actor_id": ann.pk,
        "actor": "ann@example.org",
        "address": "",
        "request_id": "",
        "object_type": "users.user",
        "object_id": str(ann.pk),
        "object": "ann@example.org",
        "changes": {"role": ["viewer", "admin"]},
        "facts": {"by": "hand"},
    }


def test_filters(ann: User) -> None:
    record("one", actor=ann, subject=ann)
    record("two", actor=UserFactory.create(), subject="a thing")
    for query in (
        "?actor=ann@example.org",
        f"?actor={ann.pk}",
        "?action=one",
        f"?object=users.user:{ann.pk}&action=one",
    ):
        assert actions(query) == ["one"]
    assert "two" not in actions("?object=users.user&page_size=200")
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert actions(f"?since={tomorrow}") == []
    assert "two" in actions(f"?until={tomorrow}&page_size=200")


def test_finds_what_one_request_did() -> None:
    client = client_of(Role.ADMIN)
    client.post("/account/sessions/others/revoke/", headers={"X-Request-ID": "mine-1"})
    UserFactory.create()
    client.user.sessions.create(key_hash="x", data="", ends_at=timezone.now() + timedelta(hours=1))
    client.post("/account/sessions/others/revoke/", headers={"X-Request-ID": "mine-2"})
    assert actions("?request_id=mine-2") == ["sessions.revoked"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("?object=users", "object"), ("?since=yesterday", "since"), ("?who=ann", "who"), ("?actor=a%00b", "actor")],
)
def test_filters_that_make_no_sense_are_named(query: str, field: str) -> None:
    assert fault(client_of(Role.ADMIN).get(AUDIT + query)) == field


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CURATOR])
def test_is_for_admins(role: Role) -> None:
    assert client_of(role).get(AUDIT).status_code == 403


def test_a_key_needs_its_scope() -> None:
    assert client_with_key(AUDIT_READ, role=Role.ADMIN).get(AUDIT).status_code == 200
    assert client_with_key(FUNCTIONS_READ, role=Role.ADMIN).get(AUDIT).status_code == 403
    assert client_with_key(AUDIT_READ, role=Role.CURATOR).get(AUDIT).status_code == 403


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_is_for_reading(method: str) -> None:
    assert getattr(client_of(Role.ADMIN), method)(AUDIT).status_code == 405
    assert not AuditEntry.objects.filter(event="deleted").exists()


def test_costs_as_many_queries_for_many_as_for_one(
    ann: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(Role.ADMIN)
    client.get(AUDIT)
    for count in (1, 30):
        for _ in range(count):
            record("one", actor=ann, subject=ann)
        with django_assert_num_queries(3):  # user, count, rows with their kinds
            client.get(AUDIT)


def test_what_a_key_changes_says_which_key() -> None:
    client = client_with_key("functions:write", role=Role.CURATOR)
    data = {"name": "read_csv", "language": "python", "description": "Reads.", "library": "tools"}
    assert client.post("/api/v1/functions/", data, format="json").status_code == 201
    entry = AuditEntry.objects.get(event="created", content_type__model="function")
    assert entry.additional_data["api_key"].startswith("ts_")
    assert entry.actor_email.endswith("@example.com")
