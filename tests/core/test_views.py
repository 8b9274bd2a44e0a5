from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from apps.core.models import Job, JobState
from apps.core.views import csrf_failure
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

HOSTILE = "<script>alert(1)</script>"


def client_of(role: Role) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def make_job(**fields) -> Job:
    return Job.objects.create(**{"kind": "functions.import", "params": {"library": "lib"}} | fields)


@pytest.fixture
def client() -> Client:
    return client_of(Role.CURATOR)


@pytest.fixture
def running() -> Job:
    return make_job(state=JobState.RUNNING, done=400, total=1000, message="400 read", started_at=timezone.now())


class TestList:
    def test_shows_jobs_newest_first(self, client):
        first, second = make_job(), make_job(kind="functions.build_index")
        page = client.get(reverse("core:jobs")).content.decode()
        assert page.index(f"Build index #{second.pk}") < page.index(f"Import #{first.pk}")

    def test_filters_by_state(self, client, running):
        failed = make_job(state=JobState.FAILED, error="no such file")
        page = client.get(reverse("core:jobs"), {"state": "failed"}).content.decode()
        assert f"#{failed.pk}" in page
        assert f"#{running.pk}" not in page
        assert "no such file" in page

    def test_an_unknown_state_is_no_filter(self, client, running):
        response = client.get(reverse("core:jobs"), {"state": "on fire", "page": "x"})
        assert f"#{running.pk}" in response.content.decode()

    def test_htmx_gets_the_list_alone(self, client, running):
        page = client.get(reverse("core:jobs"), headers={"HX-Request": "true", "HX-Target": "results"}).content.decode()
        assert "<html" not in page
        assert f"#{running.pk}" in page

    def test_pages(self, client):
        for _ in range(30):
            make_job()
        assert "Page 2 of 2" in client.get(reverse("core:jobs"), {"page": 2}).content.decode()

    @pytest.mark.parametrize("rows", [2, 20])
    def test_number_of_queries(self, client, rows, django_assert_num_queries):
        for _ in range(rows):
            make_job(created_by=UserFactory())
        client.get(reverse("core:jobs"))
        with django_assert_num_queries(4):  # who asks, kinds, saved views, the jobs
            client.get(reverse("core:jobs"))


class TestOne:
    def test_a_running_job_is_asked_about_again(self, client, running):
        page = client.get(reverse("core:job", args=[running.pk])).content.decode()
        assert f'data-live="job:{running.pk}"' in page
        assert 'value="40"' in page
        assert "400 read" in page
        assert "Cancel" in page

    def test_a_job_that_is_over_is_left_alone(self, client):
        job = make_job(state=JobState.SUCCEEDED, finished_at=timezone.now())
        page = client.get(reverse("core:job", args=[job.pk])).content.decode()
        assert 'data-live="' not in page
        assert "cancel-job" not in page

    def test_htmx_gets_the_part_that_changes(self, client, running):
        address = reverse("core:job", args=[running.pk])
        page = client.get(address, headers={"HX-Request": "true", "HX-Target": "job"}).content.decode()
        assert "<html" not in page

    def test_problems_of_an_import(self, client):
        problem = {"location": "line 3", "field": "name", "reason": HOSTILE}
        counts = {"created": 5, "changed": 0, "unchanged": 0, "retired": 0, "problems": 7, "per_second": 12.5}
        result = {
            **counts,
            "library": "lib",
            "problem_list": [problem],
            "skipped": {"a test": 2},
            "by_language": {"go": 5},
        }
        job = make_job(state=JobState.SUCCEEDED, result=result)
        page = client.get(reverse("core:job", args=[job.pk])).content.decode()
        assert "line 3" in page
        assert "The first 1 of 7" in page
        assert HOSTILE not in page
        assert reverse("functions:search") + "?library=lib" in page

    def test_any_other_result_is_shown_as_it_is(self, client):
        job = make_job(kind="functions.embed", state=JobState.SUCCEEDED, result={"embedded": 12345})
        assert "12,345" in client.get(reverse("core:job", args=[job.pk])).content.decode()

    def test_error_and_message_are_text(self, client):
        job = make_job(state=JobState.FAILED, error=HOSTILE, message=HOSTILE, params={"library": HOSTILE})
        assert HOSTILE not in client.get(reverse("core:job", args=[job.pk])).content.decode()

    def test_there_is_no_such_job(self, client):
        assert client.get(reverse("core:job", args=[2**70])).status_code == 404


class TestCancel:
    def test_cancels(self, client, running):
        response = client.post(reverse("core:cancel_job", args=[running.pk]), follow=True)
        running.refresh_from_db()
        assert running.cancel_requested
        assert "Cancelling" in response.content.decode()

    def test_too_late(self, client):
        job = make_job(state=JobState.SUCCEEDED)
        assert "over already" in client.post(reverse("core:cancel_job", args=[job.pk]), follow=True).content.decode()

    def test_only_by_post(self, client, running):
        assert client.get(reverse("core:cancel_job", args=[running.pk])).status_code == 405

    def test_viewers_may_not(self, running):
        assert client_of(Role.VIEWER).post(reverse("core:cancel_job", args=[running.pk])).status_code == 403


class TestAccess:
    def test_strangers_sign_in_first(self):
        response = Client().get(reverse("core:jobs"))
        assert response.url == f"{reverse('account_login')}?next={reverse('core:jobs')}"

    def test_viewers_see_no_jobs(self):
        client = client_of(Role.VIEWER)
        assert client.get(reverse("core:jobs")).status_code == 403
        assert reverse("core:jobs") not in client.get(reverse("users:account")).content.decode()


class TestErrors:
    def test_a_missing_page_says_its_request(self, client):
        response = client.get("/no-such-page/", headers={"X-Request-ID": "abc-123"})
        page = response.content.decode()
        assert response.status_code == 404
        assert "abc-123" in page
        assert 'aria-label="Main"' in page

    def test_a_failure_of_ours_reads_nothing(self, client, django_assert_num_queries):
        from apps.core.errors import server_error

        request = RequestFactory().get("/", headers={"Accept": "text/html"})
        request.request_id = "r-1"
        with django_assert_num_queries(0):
            response = server_error(request)
        assert response.status_code == 500
        assert b"r-1" in response.content
        assert b'aria-label="Main"' not in response.content

    def test_a_form_that_is_too_old(self):
        request = RequestFactory().post("/", headers={"Accept": "text/html"})
        response = csrf_failure(request, reason="no cookie")
        assert response.status_code == 403
        assert b"no longer valid" in response.content


def test_how_long_ago(client):
    job = make_job()
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(hours=3, minutes=20))
    page = client.get(reverse("core:jobs")).content.decode()
    assert "3\xa0hours ago" in page
