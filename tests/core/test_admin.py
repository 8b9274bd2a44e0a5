from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from pytest_django import DjangoAssertNumQueries, Settings

from apps.core.audit.models import AuditEntry
from apps.core.models import Job, JobState
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

JOBS = "/admin/core/job/"


@pytest.fixture
def curator(client: Client) -> Any:
    user = UserFactory(role=Role.CURATOR)
    client.force_login(user)
    return user


@pytest.fixture
def superuser(client: Client) -> Any:
    user = UserFactory(role=Role.ADMIN)
    client.force_login(user)
    return user


def make_job(**fields: Any) -> Job:
    return Job.objects.create(**{"kind": "functions.import", **fields})


def rows(response: Any) -> list[Job]:
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


class TestAccess:
    def test_the_back_office_is_for_staff(self, client: Client) -> None:
        client.force_login(UserFactory(role=Role.VIEWER))
        for path in ("/admin/", JOBS):
            assert client.get(path).status_code == 403

    def test_nobody_is_sent_to_sign_in(self, client: Client) -> None:
        assert client.get(JOBS)["Location"].startswith("/account/login/?next=/admin/")


@pytest.mark.usefixtures("curator")
class TestJobs:
    def test_list_newest_first_with_progress(self, client: Client) -> None:
        first = make_job(state=JobState.FAILED, error="broken")
        second = make_job(state=JobState.RUNNING, done=1, total=4, message="one of four")
        response = client.get(JOBS)
        assert rows(response) == [second, first]
        assert "one of four" in response.content.decode()
        assert 'value="25"' in response.content.decode()

    @pytest.mark.parametrize("query", ["state__exact=failed", "kind=functions.embed", "q=brok"])
    def test_filters_and_search(self, client: Client, query: str) -> None:
        make_job()
        wanted = make_job(kind="functions.embed", state=JobState.FAILED, error="broken")
        assert rows(client.get(f"{JOBS}?{query}")) == [wanted]

    def test_costs_as_many_queries_for_many_as_for_one(
        self, client: Client, curator: Any, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for more in (1, 20):
            Job.objects.bulk_create(Job(kind="functions.import", created_by=curator) for _ in range(more))
            client.get(JOBS)
            with django_assert_num_queries(3):  # user, count, rows
                client.get(JOBS)

    def test_nothing_of_a_job_can_be_changed(self, client: Client) -> None:
        job = make_job()
        response = client.get(f"{JOBS}{job.pk}/change/")
        assert response.status_code == 200
        assert 'name="_save"' not in response.content.decode()
        assert client.post(f"{JOBS}{job.pk}/change/", {"state": "succeeded"}).status_code == 403
        assert client.get(f"{JOBS}add/").status_code == 403
        assert client.post(f"{JOBS}{job.pk}/delete/", {"post": "yes"}).status_code == 403

    def test_one_that_runs_keeps_itself_fresh_and_can_be_cancelled(self, settings: Settings, client: Client) -> None:
        job = make_job(state=JobState.RUNNING, done=1, total=2)
        settings.GATEWAY_URL = "http://gateway.example"
        response = client.get(f"{JOBS}{job.pk}/change/")
        page = response.content.decode()
        assert 'id="session-warning"' in page
        assert f'hx-trigger="live" data-live="job:{job.pk}"' in page
        assert 'data-live-address="ws://gateway.example/ws/live/"' in page
        assert "ws://gateway.example/ws/live/" in response["Content-Security-Policy"]
        assert f"{JOBS}{job.pk}/cancel/" in page
        assert client.post(f"{JOBS}{job.pk}/cancel/")["Location"] == f"{JOBS}{job.pk}/change/"
        job.refresh_from_db()
        assert job.cancel_requested
        assert "Asked to stop" in client.get(f"{JOBS}{job.pk}/change/").content.decode()

    def test_one_that_is_over_rests(self, client: Client) -> None:
        job = make_job(state=JobState.SUCCEEDED, result={"created": 3})
        page = client.get(f"{JOBS}{job.pk}/change/").content.decode()
        assert "hx-trigger" not in page.partition('id="job-panel"')[2].partition("</section>")[0]
        assert f"{JOBS}{job.pk}/cancel/" not in page
        response = client.post(f"{JOBS}{job.pk}/cancel/", follow=True)
        assert "is over already" in response.content.decode()

    def test_following_a_link_cancels_nothing(self, client: Client) -> None:
        job = make_job()
        client.get(f"{JOBS}{job.pk}/cancel/")
        job.refresh_from_db()
        assert job.state == JobState.QUEUED

    def test_many_are_cancelled_at_once(self, client: Client) -> None:
        waiting, running, over = make_job(), make_job(state=JobState.RUNNING), make_job(state=JobState.FAILED)
        keys = [job.pk for job in (waiting, running, over)]
        data = {"action": "cancel_selected", "_selected_action": keys}
        page = client.post(JOBS, data, follow=True).content.decode()
        assert "Asked 2 to stop" in page
        assert f"Job {over.pk} is over already" in page
        waiting.refresh_from_db()
        assert waiting.state == JobState.CANCELLED
        entry = AuditEntry.objects.get(event="admin.action")
        assert entry.additional_data["selected"] == [str(key) for key in keys]
        assert entry.additional_data["action"] == "cancel_selected"

    @pytest.mark.parametrize("path", ["999999", "x"])
    def test_a_job_that_is_not_there(self, client: Client, path: str) -> None:
        assert client.get(f"{JOBS}{path}/change/").status_code == 302


@pytest.mark.usefixtures("curator")
class TestDashboard:
    def test_shows_what_waits_and_what_failed_lately(self, client: Client) -> None:
        now = timezone.now()
        running = make_job(state=JobState.RUNNING, message="one of four")
        failed = make_job(state=JobState.FAILED, error="broken", finished_at=now)
        old = make_job(state=JobState.FAILED, finished_at=now - timedelta(days=2))
        over = make_job(state=JobState.SUCCEEDED, finished_at=now)
        response = client.get("/admin/")
        assert list(response.context["open_jobs"]) == [running]
        assert list(response.context["failed_jobs"]) == [failed]
        page = response.content.decode()
        assert "broken" in page
        assert all(f"{JOBS}{job.pk}/" not in page for job in (old, over))

    def test_has_a_panel_of_every_app(self, client: Client) -> None:
        titles = [panel.title for panel in client.get("/admin/").context["panels"]]
        assert titles == ["Catalogue", "Search index", "Sweeps"]

    def test_says_what_waits_for_a_decision_and_where(self, client: Client) -> None:
        assert "Nothing waits for you." in client.get("/admin/").content.decode()
        job = make_job(state=JobState.FAILED, error="broken", finished_at=timezone.now())
        (decision,) = client.get("/admin/").context["decisions"]
        assert (decision.href, decision.note) == (f"/jobs/{job.pk}/", "broken")
        assert client.post(decision.action, {"from": "admin"})["Location"] == "/admin/"
        assert client.get("/admin/").context["decisions"] == []

    def test_its_figures_lead_to_what_they_count(self, client: Client) -> None:
        figures = [figure for panel in client.get("/admin/").context["panels"] for figure in panel.figures]
        assert len(figures) > 8
        assert {client.get(figure.link).status_code for figure in figures} == {200}

    def test_costs_a_fixed_number_of_queries(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for more in (1, 10):
            Job.objects.bulk_create(Job(kind="functions.import") for _ in range(more))
            client.get("/admin/")
            # User, functions by state, libraries, the index beside the database (3), jobs (2), this user's actions;
            # newest reports, drafts, reports to acknowledge, schedules; what waits for a decision (5).
            with django_assert_num_queries(18):
                client.get("/admin/")


@pytest.mark.usefixtures("superuser")
class TestSchedules:
    @pytest.fixture
    def task(self) -> PeriodicTask:
        interval = IntervalSchedule.objects.create(every=10, period=IntervalSchedule.SECONDS)
        return PeriodicTask.objects.create(name="prune", task="core.prune_jobs", interval=interval)

    @pytest.mark.parametrize(
        "model", ["periodictask", "intervalschedule", "crontabschedule", "clockedschedule", "solarschedule"]
    )
    def test_have_our_look(self, client: Client, task: PeriodicTask, model: str) -> None:
        for path in ("", "add/"):
            response = client.get(f"/admin/django_celery_beat/{model}/{path}")
            assert response.status_code == 200
            assert "unfold/css/styles.css" in response.content.decode()

    def test_can_be_switched_off(self, client: Client, task: PeriodicTask) -> None:
        data = {"action": "disable_tasks", "_selected_action": [task.pk]}
        assert client.post("/admin/django_celery_beat/periodictask/", data).status_code == 302
        task.refresh_from_db()
        assert not task.enabled

    def test_the_form_of_one(self, client: Client, task: PeriodicTask) -> None:
        response = client.get(f"/admin/django_celery_beat/periodictask/{task.pk}/change/")
        assert response.status_code == 200
        assert "core.prune_jobs" in response.content.decode()

    def test_are_not_for_curators(self, client: Client) -> None:
        client.force_login(UserFactory(role=Role.CURATOR))
        assert client.get("/admin/django_celery_beat/periodictask/").status_code == 403
