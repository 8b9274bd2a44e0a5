"""What the models of every app leave in the log by themselves, and what they do not."""

import pytest
from auditlog.registry import auditlog
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from pytest_django import DjangoAssertNumQueries

from apps.core.audit import quietly
from apps.core.audit.masking import HIDDEN
from apps.core.audit.models import AuditEntry
from apps.core.jobs.registry import register_job
from apps.core.jobs.services import run_inline
from apps.evaluations.models import Case, Suite
from apps.functions.models import Origin
from apps.functions.services import catalogue
from apps.functions.services.synonyms import SynonymGroup
from apps.users.models import User
from tests.users.factories import ApiKeyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user(email="ann@example.com", full_name="Ann")


def entries_of(row: object) -> list[AuditEntry]:
    return list(AuditEntry.objects.get_for_object(row).order_by("pk"))


def test_each_change_of_a_person_is_one_entry(user: User) -> None:
    user.role, user.full_name = "admin", "Ann Admin"
    user.save()
    user.save()
    created, changed = entries_of(user)
    assert (created.event, changed.event) == ("created", "changed")
    assert changed.changes == {"role": ["viewer", "admin"], "full_name": ["Ann", "Ann Admin"]}
    assert changed.object_repr == user.email


def test_of_a_password_it_is_only_noted_that_it_changed(user: User) -> None:
    user.set_password("another long one")
    user.save()
    assert entries_of(user)[-1].changes == {"password": [HIDDEN, HIDDEN]}
    assert user.password not in str(list(AuditEntry.objects.values()))


def test_no_secret_is_among_what_any_watched_model_keeps() -> None:
    ApiKeyFactory.create()
    kept = {name for model in auditlog.get_models() for name in auditlog.get_model_fields(model)["include_fields"]}
    hidden = {name for model in auditlog.get_models() for name in auditlog.get_model_fields(model)["mask_fields"]}
    assert {"password", "webhook_secret", "webhook_url", "token_hash"} <= hidden
    assert not kept & {"secret_hash", "former_hash", "last_login", "last_used_at"}


def test_a_row_that_is_deleted_leaves_what_it_was() -> None:
    group = SynonymGroup.objects.create(words=["list", "array"])
    pk = group.pk
    group.delete()
    entry = AuditEntry.objects.get(event="deleted", object_pk=str(pk))
    assert entry.changes["words"] == [["list", "array"], None]


def test_rows_that_go_along_with_another_have_no_entry_of_their_own() -> None:
    suite = Suite.objects.create(name="Smoke", target="functions.search")
    Case.objects.create(suite=suite, external_id="1", query="read a table")
    suite.delete()
    assert [entry.content_type.model for entry in AuditEntry.objects.filter(event="deleted")] == ["suite"]


def test_functions_and_cases_are_watched() -> None:
    function = catalogue.create_function(
        data={"name": "read_csv", "language": "python", "description": "Reads."},
        library="tools", user_id=None, origin=Origin.API,
    )  # fmt: skip
    catalogue.update_function(
        function=function, changes={"description": "Reads a table."}, user_id=None, origin=Origin.API
    )
    assert entries_of(function)[-1].changes == {"description": ["Reads.", "Reads a table."]}
    suite = Suite.objects.create(name="Smoke", target="functions.search")
    case = Case.objects.create(suite=suite, external_id="1", query="read a table")
    assert entries_of(case)[0].changes["query"] == [None, "read a table"]


def test_many_functions_at_once_are_one_entry() -> None:
    for name in "abc":
        data = {"name": name, "language": "python", "description": "Does it."}
        catalogue.create_function(data=data, library="tools", user_id=None, origin=Origin.API)
    before = AuditEntry.objects.count()
    rows = catalogue.Function.objects.all()
    catalogue.set_state(functions=rows, state="retired", user_id=None, origin=Origin.ADMIN)
    assert AuditEntry.objects.count() == before + 1
    entry = AuditEntry.objects.first()
    assert (entry.event, entry.additional_data["field"], entry.additional_data["changed"]) == (
        "functions.changed",
        "state",
        3,
    )


def test_what_beat_notes_of_its_own_is_no_change() -> None:
    interval = IntervalSchedule.objects.create(every=1, period="days")
    task = PeriodicTask.objects.create(name="nightly", task="x", interval=interval)
    task.total_run_count += 1
    task.save()
    task.enabled = False
    task.save()
    assert [entry.changes for entry in entries_of(task)[1:]] == [{"enabled": [True, False]}]


def test_a_job_has_an_entry_at_both_ends_and_none_for_what_it_does(user: User) -> None:
    register_job("tests.rename", f"{__name__}.rename")
    before = AuditEntry.objects.count()
    job = run_inline(kind="tests.rename", params={"user": user.pk}, user_id=user.pk)
    started, finished = AuditEntry.objects.order_by("pk")[before:]
    assert (started.event, finished.event) == ("job.started", "job.finished")
    assert started.additional_data["params"] == {"user": user.pk}
    assert (finished.actor_email, finished.object_pk) == (user.email, str(job.pk))
    assert (finished.additional_data["state"], finished.additional_data["result"]) == ("succeeded", {"renamed": 1})


def rename(context: object, params: dict[str, int]) -> dict[str, int]:
    user = User.objects.get(pk=params["user"])
    user.full_name = "Renamed"
    user.save()
    return {"renamed": 1}


def test_a_save_costs_two_queries_more_and_none_in_bulk(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user.full_name = "Bea"
    with django_assert_num_queries(3):  # the row before, the row, the entry
        user.save()
    user.full_name = "Cleo"
    with quietly(), django_assert_num_queries(1):
        user.save()
