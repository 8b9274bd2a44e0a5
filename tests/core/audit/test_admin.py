import csv
import io
import json

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.core.audit import record
from apps.core.audit.models import AuditEntry
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

LIST = "/admin/core/auditentry/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(UserFactory.create(role=Role.ADMIN, email="root@example.org"))
    return client


def listed(client: Client, query: str = "") -> list[AuditEntry]:
    page = client.get(LIST + query)
    assert page.status_code == 200
    return list(page.context["cl"].result_list)


def export(client: Client, action: str, entries: list[AuditEntry]) -> str:
    chosen = {"action": action, "_selected_action": [entry.pk for entry in entries]}
    response = client.post(LIST, chosen)
    assert response.streaming
    return b"".join(response).decode()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CURATOR, Role.SERVICE])
def test_is_for_admins(client: Client, role: Role) -> None:
    entry = record("thing.done")
    client.force_login(UserFactory.create(role=role))
    for path in (LIST, f"{LIST}{entry.pk}/change/"):
        assert client.get(path).status_code in (302, 403)


def test_shows_the_newest_first_and_finds(admin: Client) -> None:
    first = record("key.revoked", subject="nightly job")
    second = record("thing.done", actor=UserFactory.create(email="ann@example.org"), subject="a thing")
    assert listed(admin)[:2] == [second, first] or listed(admin)[0] == second
    assert listed(admin, "?q=nightly") == [first]
    assert listed(admin, "?q=ann@example.org+thing") == [second]
    assert listed(admin, "?kind=core.job") == []
    assert second in listed(admin, "?action__exact=4")
    assert listed(admin, "?timestamp_from_0=2999-01-01&timestamp_from_1=00:00:00") == []
    assert listed(admin, "?timestamp_to_0=1999-12-31") == []
    assert second in listed(admin, "?timestamp_from_0=1999-12-31&timestamp_to_0=2999-02-30")


def test_costs_as_many_queries_for_many_as_for_one(
    admin: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = UserFactory.create()
    admin.get(LIST)
    for _ in range(2):
        with django_assert_num_queries(3):  # the session with its user, the count, the page
            admin.get(LIST)
        for number in range(30):
            record("thing.done", subject=user, number=number)


def test_one_reads_as_a_diff(admin: Client) -> None:
    entry = record("role.changed", before={"role": "viewer"}, after={"role": "admin"}, note="<b>why</b>")
    text = admin.get(f"{LIST}{entry.pk}/change/").content.decode()
    assert '<span class="ts-removed">-viewer</span>' in text
    assert '<span class="ts-added">+admin</span>' in text
    assert "&lt;b&gt;why&lt;/b&gt;" in text


def test_nothing_can_be_changed(admin: Client) -> None:
    entry = record("thing.done")
    for path in ("add/", f"{entry.pk}/delete/"):
        assert admin.post(LIST + path, {"post": "yes", "event": "x"}).status_code == 403
    assert admin.post(f"{LIST}{entry.pk}/change/", {"event": "x"}).status_code == 403
    assert "delete_selected" not in admin.get(LIST).content.decode()


def test_csv_export_is_recorded_and_runs_nothing_in_a_spreadsheet(admin: Client) -> None:
    entry = record("thing.done", subject="=1+1", before={"a": 1}, after={"a": 2})
    rows = list(csv.DictReader(io.StringIO(export(admin, "export_csv", [entry]))))
    assert [(row["action"], row["object"], row["changes"]) for row in rows] == [
        ("thing.done", "'=1+1", '{"a": [1, 2]}')
    ]
    taken = AuditEntry.objects.first()
    assert (taken.event, taken.actor_email) == ("audit.exported", "root@example.org")
    assert (taken.additional_data["entries"], taken.additional_data["form"]) == (1, "csv")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_all_that_is_listed_is_exported_by_a_link(
    admin: Client, form: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        record("thing.done" if number else "other.done", subject=f"thing {number}", after={"a": number}, note="x")
    page = admin.get(f"{LIST}?q=thing.done").content.decode()
    assert f'href="?q=thing.done&amp;export={form}"' in page
    assert "4 entries" in page
    with django_assert_num_queries(6):  # who asks, two counts, the newest, the entry of it, the rows
        response = admin.get(f"{LIST}?q=thing.done&export={form}")
        body = b"".join(response).decode()
    assert response["Content-Disposition"] == f'attachment; filename="audit.{form}"'
    assert [f"thing {number}" in body for number in range(5)] == [False, True, True, True, True]
    assert AuditEntry.objects.first().additional_data["entries"] == 4


def test_a_form_that_there_is_not_is_no_export(admin: Client) -> None:
    record("thing.done")
    assert "Content-Disposition" not in admin.get(f"{LIST}?export=exe", follow=True)
    assert not AuditEntry.objects.filter(event="audit.exported").exists()


def test_json_export_has_a_line_each(admin: Client) -> None:
    entries = [record("thing.done", subject=f"thing {number}") for number in range(3)]
    lines = [json.loads(line) for line in export(admin, "export_jsonl", entries[:2]).splitlines()]
    assert [line["object"] for line in lines] == ["thing 0", "thing 1"]
    assert lines[0]["time"] == entries[0].timestamp.isoformat()
