"""The log can be added to, and that is all that anybody can do with it."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from apps.core.audit import record
from apps.core.audit.models import AuditEntry
from tests.users.factories import UserFactory

pytestmark = pytest.mark.django_db

REFUSED = "The audit log is append-only"


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def entry() -> AuditEntry:
    return record("thing.done", subject="a thing")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditentry SET event = 'nothing'",
        "UPDATE core_auditentry SET id = id",
        "DELETE FROM core_auditentry",
        "MERGE INTO core_auditentry a USING (SELECT 1) b ON true WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM core_auditentry RETURNING 1) SELECT count(*) FROM gone",
    ],
)
def test_the_owner_of_the_database_is_refused(entry: AuditEntry, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=REFUSED):
        execute(statement)
    assert AuditEntry.objects.get() == entry


@pytest.mark.parametrize("statement", ["TRUNCATE core_auditentry", "TRUNCATE users_user, core_auditentry CASCADE"])
def test_emptying_is_refused(entry: AuditEntry, statement: str) -> None:
    execute("ALTER TABLE core_auditentry ENABLE ALWAYS TRIGGER core_keep_audit_table")  # which tests are without
    with pytest.raises(ProgrammingError, match=REFUSED):
        execute(statement)
    assert AuditEntry.objects.get() == entry


def test_a_superuser_who_turns_triggers_off_is_refused(entry: AuditEntry) -> None:
    with pytest.raises(ProgrammingError, match=REFUSED):
        execute("SET LOCAL session_replication_role = replica; DELETE FROM core_auditentry")


def test_saving_and_deleting_an_entry_is_refused(entry: AuditEntry) -> None:
    entry.event = "nothing"
    with pytest.raises(ProgrammingError, match=REFUSED), transaction.atomic():
        entry.save()
    with pytest.raises(ProgrammingError, match=REFUSED), transaction.atomic():
        entry.delete()
    assert AuditEntry.objects.get().event == "thing.done"


def test_somebody_who_is_deleted_stays_in_it() -> None:
    user = UserFactory.create(email="gone@example.org")
    entry = record("thing.done", actor=user, subject=user)
    pk = user.pk
    user.delete()
    entry = AuditEntry.objects.get(pk=entry.pk)
    assert (entry.actor_id, entry.actor_email, entry.object_pk) == (pk, "gone@example.org", str(pk))


def test_what_is_older_than_the_day_that_a_transaction_names_may_go() -> None:
    old = record("thing.done")
    with connection.cursor() as cursor:
        tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
        cursor.execute("SELECT set_config('touchstone.prune_audit_before', %s, true)", [tomorrow])
    old.delete()
    assert not AuditEntry.objects.exists()


def test_what_is_younger_than_that_day_stays() -> None:
    young = record("thing.done")
    with connection.cursor() as cursor:
        yesterday = (timezone.now() - timedelta(days=1)).isoformat()
        cursor.execute("SELECT set_config('touchstone.prune_audit_before', %s, true)", [yesterday])
    with pytest.raises(ProgrammingError, match=REFUSED), transaction.atomic():
        young.delete()
