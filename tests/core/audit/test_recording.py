import threading
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from apps.core.audit import acting, quietly, record
from apps.core.audit.middleware import AuditMiddleware
from apps.core.audit.models import AuditEntry
from apps.core.audit.source import get_source
from apps.core.models import Job
from apps.users.models import User
from tests.users.factories import UserFactory

pytestmark = pytest.mark.django_db


def make_request(user: Any, path: str = "/somewhere/", request_id: str = "abc123") -> HttpRequest:
    request = RequestFactory().post(path, REMOTE_ADDR="192.0.2.7")
    request.user = user
    request.request_id = request_id
    return request


def test_an_entry_says_who_what_where_and_in_which_request(django_user_model: type[User]) -> None:
    user = UserFactory.create(email="ann@example.org")
    job = Job.objects.create(kind="functions.import")
    entry = record("import.started", request=make_request(user), subject=job, rows=12)
    entry.refresh_from_db()
    assert (entry.event, entry.actor_id, entry.actor_email) == ("import.started", user.pk, "ann@example.org")
    assert (entry.remote_addr, entry.cid) == ("192.0.2.7", "abc123")
    assert (entry.object_pk, entry.object_id, entry.object_repr) == (str(job.pk), job.pk, str(job))
    assert entry.content_type.model_class() is Job
    assert entry.additional_data == {"method": "POST", "path": "/somewhere/", "rows": 12}


def test_only_what_differs_is_kept_of_before_and_after() -> None:
    before = {"role": "viewer", "name": "Ann", "gone": 1}
    after = {"role": "admin", "name": "Ann", "new": [2]}
    entry = record("role.changed", subject="Ann", before=before, after=after)
    assert entry.changes == {"role": ["viewer", "admin"], "gone": [1, None], "new": [None, [2]]}


def test_without_a_request_nobody_did_it() -> None:
    entry = record("audit.pruned")
    assert (entry.actor_id, entry.actor_email, entry.remote_addr, entry.cid) == (None, "", None, "")


def test_who_is_given_outweighs_who_is_signed_in() -> None:
    one, other = UserFactory.create_batch(2)
    with acting(request=make_request(one)):
        assert record("signed_in", actor=other).actor_id == other.pk
        assert record("signed_in").actor_id == one.pk


def test_a_job_acts_for_who_started_it() -> None:
    user = UserFactory.create()
    with acting(actor_id=user.pk, job=7):
        entry = record("import.finished")
    assert entry.actor_id == user.pk
    assert entry.additional_data["job"] == 7


def test_a_request_ends_with_its_answer() -> None:
    request = make_request(AnonymousUser())
    seen = []
    AuditMiddleware(lambda given: seen.append(get_source().request) or "answer")(request)  # type: ignore[arg-type,func-returns-value]
    assert seen == [request]
    assert get_source().request is None


def test_requests_that_are_served_at_the_same_time_do_not_see_each_other() -> None:
    met = threading.Barrier(2, timeout=60)
    seen: dict[str, str] = {}

    def serve(request: HttpRequest) -> Any:
        met.wait()
        source = get_source()
        met.wait()
        seen[request.path] = source.request.path if source.request else ""

    paths = ["/one/", "/two/"]
    requests = [make_request(AnonymousUser(), path) for path in paths]
    threads = [threading.Thread(target=AuditMiddleware(serve), args=[request]) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {path: path for path in paths}


def test_secrets_are_hidden_by_name_and_by_shape() -> None:
    entry = record(
        "thing.changed",
        before={"password": "old", "url": "smtp://ann:pw@mail"},
        after={"password": "new", "url": "smtp://ann:other@mail"},
        note="with ts_abcdefgh_" + "x" * 43,
        inner={"refresh_token": "t", "plain": 1},
    )
    assert entry.changes == {
        "password": ["(hidden)", "(hidden)"],
        "url": ["smtp://(hidden)@mail", "smtp://(hidden)@mail"],
    }
    assert entry.additional_data["note"] == "with (hidden)"
    assert entry.additional_data["inner"] == {"refresh_token": "(hidden)", "plain": 1}


def test_rows_that_change_quietly_have_no_entries() -> None:
    users = UserFactory.create_batch(3)
    before = AuditEntry.objects.count()
    with quietly():
        for user in users:
            user.full_name = "Retired"
            user.save()
        record("users.retired", subject="people", rows=3)
    assert AuditEntry.objects.count() == before + 1
    assert AuditEntry.objects.first().event == "users.retired"
