import pytest
from pytest_django import DjangoAssertNumQueries

from apps.core.models import Job, JobState
from apps.users.roles import Role
from apps.users.scopes import FUNCTIONS_READ, JOBS_READ, JOBS_WRITE
from tests.api import client_of, client_with_key

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

JOBS = "/api/v1/jobs/"


def make_job(**fields: object) -> Job:
    return Job.objects.create(**{"kind": "functions.import", **fields})


class TestList:
    def test_newest_first_with_progress(self) -> None:
        client = client_of()
        first = make_job(created_by=client.user)
        second = make_job(state=JobState.RUNNING, done=1, total=3, message="one of three")
        body = client.get(JOBS).json()
        assert body["count"] == 2
        assert [row["id"] for row in body["results"]] == [second.pk, first.pk]
        assert body["results"][0] | {"percent": 33, "state": "running", "created_by": None} == body["results"][0]
        assert body["results"][1]["created_by"] == client.user.email

    def test_filters(self) -> None:
        make_job()
        wanted = make_job(kind="functions.embed", state=JobState.FAILED)
        client = client_of()
        for query in ("?state=failed", "?kind=functions.embed", "?kind=functions.embed&state=failed"):
            assert [row["id"] for row in client.get(JOBS + query).json()["results"]] == [wanted.pk]
        assert client.get(f"{JOBS}?kind=functions").json()["count"] == 0

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("?page_size=0", "page_size"),
            ("?page_size=201", "page_size"),
            ("?page_size=abc", "page_size"),
            ("?page_size=-1", "page_size"),
            ("?page_size=", "page_size"),
            ("?page=0", "page"),
            ("?page=last", "page"),
            ("?page=1e3", "page"),
            ("?page=99999999999999999999", "page"),
            ("?state=gone", "state"),
            ("?kind=a%00b", "kind"),
            ("?sate=failed", "sate"),
        ],
    )
    def test_parameters_that_make_no_sense_are_named(self, query: str, field: str) -> None:
        response = client_of().get(JOBS + query)
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == field

    def test_an_unknown_parameter_is_told_what_there_is(self) -> None:
        problem = client_of().get(f"{JOBS}?sate=failed").json()
        assert problem["errors"][0]["code"] == "unknown_parameter"
        assert "known are kind, state, page, page_size" in problem["detail"]

    def test_a_page_past_the_end(self) -> None:
        assert client_of().get(f"{JOBS}?page=2").status_code == 404

    def test_costs_as_many_queries_for_many_as_for_one(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client = client_of()
        make_job(created_by=client.user)
        client.get(JOBS)
        for jobs in (0, 30):
            Job.objects.bulk_create(Job(kind="functions.import", created_by=client.user) for _ in range(jobs))
            with django_assert_num_queries(3):  # user, count, rows
                assert client.get(f"{JOBS}?page_size=200").status_code == 200


class TestOne:
    def test_shows_its_result(self) -> None:
        job = make_job(state=JobState.SUCCEEDED, result={"created": 3})
        body = client_of().get(f"{JOBS}{job.pk}/").json()
        assert (body["id"], body["result"], body["percent"]) == (job.pk, {"created": 3}, 100)

    @pytest.mark.parametrize("key", ["0", "99999999999999999999", "x", "1.5"])
    def test_none_there(self, key: str) -> None:
        response = client_of().get(f"{JOBS}{key}/")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


class TestCancel:
    def test_a_queued_job_ends_at_once(self) -> None:
        job = make_job()
        response = client_of().post(f"{JOBS}{job.pk}/cancel/")
        assert (response.status_code, response.json()["state"]) == (200, "cancelled")

    def test_a_running_job_is_asked_to_stop(self) -> None:
        job = make_job(state=JobState.RUNNING)
        body = client_of().post(f"{JOBS}{job.pk}/cancel/").json()
        assert (body["state"], body["cancel_requested"]) == ("running", True)

    def test_one_that_is_over_stays_as_it_ended(self) -> None:
        job = make_job(state=JobState.SUCCEEDED)
        response = client_of().post(f"{JOBS}{job.pk}/cancel/")
        assert (response.status_code, response.json()["code"]) == (409, "job_over")
        job.refresh_from_db()
        assert not job.cancel_requested

    def test_sent_twice_under_a_key_it_is_answered_alike(self) -> None:
        job = make_job()
        client = client_of()
        answers = [client.post(f"{JOBS}{job.pk}/cancel/", headers={"Idempotency-Key": "k"}) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[1]["Idempotent-Replayed"] == "true"


class TestRights:
    def test_a_viewer_sees_no_jobs(self) -> None:
        assert client_of(Role.VIEWER).get(JOBS).status_code == 403

    def test_a_service_sees_but_does_not_cancel(self) -> None:
        job = make_job()
        client = client_with_key(JOBS_READ, JOBS_WRITE, role=Role.SERVICE)
        assert client.get(f"{JOBS}{job.pk}/").status_code == 200
        assert client.post(f"{JOBS}{job.pk}/cancel/").status_code == 403

    def test_a_key_needs_the_scope(self) -> None:
        job = make_job()
        assert client_with_key(FUNCTIONS_READ).get(JOBS).json()["code"] == "missing_scope"
        reader = client_with_key(JOBS_READ)
        assert reader.get(JOBS).status_code == 200
        assert reader.post(f"{JOBS}{job.pk}/cancel/").json()["code"] == "missing_scope"
        assert client_with_key(JOBS_WRITE).post(f"{JOBS}{job.pk}/cancel/").status_code == 200
