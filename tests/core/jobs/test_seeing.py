"""Failed jobs that somebody says they know of."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.audit.models import AuditEntry
from apps.core.errors import Conflict
from apps.core.jobs.services import see_job
from apps.core.models import Job, JobState
from apps.users.models import User
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def curator() -> User:
    return UserFactory.create(role=Role.CURATOR, full_name="Ada Lovelace")


@pytest.fixture
def client(curator: User) -> Client:
    client = Client()
    client.force_login(curator)
    return client


def make_failed() -> Job:
    fields = {"kind": "functions.import", "state": JobState.FAILED, "error": "no such file"}
    return Job.objects.create(finished_at=timezone.now(), **fields)


def test_home_asks_until_somebody_has_seen_it(client: Client, curator: User) -> None:
    job = make_failed()
    address = reverse("core:see_job", args=[job.pk])
    assert f'action="{address}"' in client.get("/home/decisions/").content.decode()
    response = client.post(address, {"from": "home"}, follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert address not in response.content.decode()
    job.refresh_from_db()
    assert (job.seen_by, job.needs_seeing) == (curator, False)
    entry = AuditEntry.objects.get(event="job.seen")
    assert (entry.actor, entry.object_pk) == (curator, str(job.pk))


def test_the_job_says_who_by_name_with_the_address(client: Client, curator: User) -> None:
    job = make_failed()
    page = client.post(reverse("core:see_job", args=[job.pk]), follow=True).content.decode()
    assert f'<span title="{curator.email}"><bdi>Ada Lovelace</bdi></span> noted this failure' in page


def test_the_first_to_say_so_stays(curator: User) -> None:
    job = make_failed()
    first = see_job(job=job, user_id=curator.pk).seen_at
    again = see_job(job=job, user_id=UserFactory.create().pk)
    assert (again.seen_at, again.seen_by) == (first, curator)
    assert AuditEntry.objects.filter(event="job.seen").count() == 1


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED, JobState.CANCELLED])
def test_what_did_not_fail_is_refused_and_unchanged(curator: User, state: JobState) -> None:
    job = Job.objects.create(kind="functions.import", state=state)
    with pytest.raises(Conflict, match="has not failed"):
        see_job(job=job, user_id=curator.pk)
    job.refresh_from_db()
    assert job.seen_at is None


def test_many_at_once_and_found_again(client: Client) -> None:
    jobs = [make_failed(), make_failed()]
    done = Job.objects.create(kind="functions.import", state=JobState.SUCCEEDED)
    rows = [job.pk for job in [*jobs, done]]
    page = client.post(reverse("core:change_jobs"), {"action": "seen", "rows": rows}, follow=True).content.decode()
    assert "Noted that 2 jobs failed." in page
    unseen = make_failed()
    found = client.get(reverse("core:jobs"), {"seen": "no"}).content.decode()
    assert f"#{unseen.pk}" in found
    assert not any(f"#{pk}" in found for pk in rows)


def test_a_viewer_may_not() -> None:
    job = make_failed()
    client = Client()
    client.force_login(UserFactory.create(role=Role.VIEWER))
    assert client.post(reverse("core:see_job", args=[job.pk])).status_code == 403
    job.refresh_from_db()
    assert job.needs_seeing
