import csv
import io
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.audit.models import AuditEntry
from apps.core.models import Job, JobState
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

JOBS = reverse("core:jobs")


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.CURATOR))
    return client


def make(**fields) -> Job:
    return Job.objects.create(**{"kind": "functions.import", **fields})


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def part(name: str, **more: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": name, **more}


def labels(page: str) -> list[str]:
    head = page.partition("<thead>")[2].partition("</thead>")[0]
    return re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)<', head)


class TestWhole:
    def test_heads_are_links_that_say_the_order(self, client):
        make()
        page = text_of(client.get(JOBS, {"sort": "state"}))
        assert re.search(r'<th scope="col" aria-sort="ascending"><a id="sort-state" href="/jobs/\?sort=-state"', page)
        assert 'href="/jobs/?sort=when"' in page
        assert page.count("aria-sort") == 1

    def test_only_the_columns_that_were_chosen(self, client):
        make()
        assert labels(text_of(client.get(JOBS, {"columns": "attempts"}))) == ["Job", "Attempts"]
        assert "Attempts" not in labels(text_of(client.get(JOBS)))

    def test_what_makes_no_sense_is_said(self, client):
        make()
        response = client.get(JOBS, {"state": "<b>on fire", "sort": "x", "page": "x", "peek": "x"})
        assert response.status_code == 200
        assert "State: “&lt;b&gt;on fire” is none of those" in text_of(response)

    def test_filters_are_a_form_that_keeps_the_order(self, client):
        make(state=JobState.FAILED)
        page = text_of(client.get(JOBS, {"state": "failed", "sort": "when"}))
        assert '<option value="failed" selected>' in page
        assert '<input type="hidden" form="filters" name="sort" value="when">' in page
        assert "State: Failed" in page
        assert 'href="/jobs/?sort=-job">Clear all' in page

    def test_nothing_fits(self, client):
        make()
        assert "Nothing fits" in text_of(client.get(JOBS, {"state": "failed"}))

    def test_hostile_text(self, client):
        hostile = "<script>alert(1)</script>"
        job = make(message=hostile, params={"library": hostile}, state=JobState.SUCCEEDED)
        for data in ({}, {"peek": job.pk}, {"q": hostile}, {"sort": hostile}, {"columns": hostile}):
            assert hostile not in client.get(JOBS, data).content.decode()


class TestParts:
    def test_the_rows_alone_and_the_shortest_address(self, client):
        make()
        response = client.get(
            JOBS, {"state": "", "columns": "job"}, headers=part("results", **{"HX-Trigger": "filters"})
        )
        assert "<html" not in text_of(response)
        assert response["HX-Push-Url"] == "/jobs/?columns=job"
        assert '<div id="peek" hx-swap-oob="innerHTML">' in text_of(response)

    def test_typing_makes_no_step_back(self, client):
        response = client.get(JOBS, {"q": "lib"}, headers=part("results", **{"HX-Trigger": "q"}))
        assert response["HX-Replace-Url"] == "/jobs/?q=lib"
        assert "HX-Push-Url" not in response

    def test_rows_that_are_looked_at_anew_leave_the_panel(self, client):
        job = make()
        page = client.get(JOBS, {"peek": job.pk}, headers=part("results", **{"HX-Trigger": "results"}))
        assert "hx-swap-oob" not in text_of(page)
        assert "HX-Push-Url" not in page

    def test_the_panel_alone(self, client):
        job = make(error="no such file", state=JobState.FAILED)
        page = text_of(client.get(JOBS, {"peek": job.pk, "state": "failed"}, headers=part("peek")))
        assert "<html" not in page
        assert "no such file" in page
        assert 'data-close href="/jobs/?state=failed"' in page

    def test_a_row_that_is_not_there(self, client):
        assert "There is no such row here" in text_of(client.get(JOBS, {"peek": 10**17}))

    def test_the_row_in_the_panel_is_marked(self, client):
        first, second = make(), make()
        page = text_of(client.get(JOBS, {"peek": first.pk}))
        assert re.search(rf'id="result-{first.pk}"[^>]*aria-current="true"', page)
        assert not re.search(rf'id="result-{second.pk}"[^>]*aria-current', page)


class TestActions:
    def test_cancels_the_selected(self, client):
        jobs = [make(), make(state=JobState.RUNNING), make(state=JobState.SUCCEEDED), make()]
        sent = {"action": "cancel", "rows": [job.pk for job in jobs[:3]], "path": JOBS, "query": "state=queued"}
        response = client.post(reverse("core:change_jobs"), sent, follow=True)
        assert response.redirect_chain[0][0] == "/jobs/?state=queued"
        assert "Cancelled 2 jobs" in text_of(response)
        assert [job.state for job in Job.objects.order_by("pk")] == ["cancelled", "running", "succeeded", "queued"]

    @pytest.mark.parametrize("sent", [{}, {"action": "explode"}, {"action": "cancel", "rows": ["x", "-1", "9" * 30]}])
    def test_nothing_to_do(self, client, sent):
        job = make()
        assert client.post(reverse("core:change_jobs"), sent).status_code == 302
        job.refresh_from_db()
        assert job.state == JobState.QUEUED


class TestExport:
    def rows(self, response) -> list[list[str]]:
        return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))

    def test_what_is_filtered_with_the_columns_that_are_shown(self, client):
        make()
        failed = make(state=JobState.FAILED, error="=HYPERLINK(1)", started_at=timezone.now())
        response = client.get(JOBS, {"state": "failed", "columns": "progress,when", "export": "csv", "page": 4})
        assert response["Content-Type"].startswith("text/csv")
        assert re.fullmatch(r'attachment; filename="jobs-[\d-]+\.csv"', response["Content-Disposition"])
        assert self.rows(response) == [
            ["Job", "Progress", "When"],
            [f"Import #{failed.pk}", "'=HYPERLINK(1)", timezone.localtime(failed.created_at).isoformat("T", "seconds")],
        ]

    def test_all_pages_of_it(self, client):
        Job.objects.bulk_create(Job(kind="k") for _ in range(620))
        response = client.get(JOBS, {"export": "csv"})
        assert len(self.rows(response)) == 621

    def test_is_noted(self, client):
        client.get(JOBS, {"export": "csv", "state": "failed"})
        entry = AuditEntry.objects.get(event="list.exported")
        assert entry.additional_data["page"] == "core:jobs"
        assert entry.additional_data["query"] == "state=failed"
