import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.core.jobs.services import run_job
from apps.core.models import Job, JobState
from apps.functions.models import Function
from tests.e2e.conftest import arrive

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

RECORDS = 1_000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    lines = [
        json.dumps({"id": str(number), "name": f"f{number}", "language": "go", "description": f"Does {number}."})
        for number in range(RECORDS)
    ]
    lines[2] = '{"name": '
    lines[3] = json.dumps({"language": "go", "description": "<b>nameless</b>"})
    path = tmp_path / "functions.jsonl"
    path.write_text("\n".join(lines))
    return path


def upload(page: Page, source: Path) -> Job:
    page.goto("/functions/import/")
    page.get_by_label("File", exact=True).set_input_files(source)
    page.get_by_label("Library").fill("gophers")
    page.get_by_role("button", name="Import").click()
    arrive(page, re.compile(r"/jobs/\d+/$"))
    return Job.objects.get(kind="functions.import")


def test_an_import_shows_its_progress_and_its_problems(page, source):
    page.clock.install()
    job = upload(page, source)
    expect(page.locator("#job .badge").first).to_have_text("Queued")
    seen: list[str] = []

    def watch(done: int, total: int, message: str) -> None:
        """The worker's own reports: what it stored at the one before shows on the page by itself."""
        if seen:
            expect(page.locator("#job .badge").first).to_have_text("Running")
            expect(page.locator(".job-line")).to_contain_text(seen[-1])
        seen.append(message)

    finished = run_job(job.pk, listener=watch)
    assert len(seen) > 1
    assert finished.state == JobState.SUCCEEDED
    expect(page.locator("#job .badge").first).to_have_text("Succeeded")
    expect(page.locator("#announcer")).to_contain_text("succeeded")
    expect(page.locator(".stats")).to_contain_text("998")
    problems = page.get_by_role("group", name="Problems").get_by_role("row")
    expect(problems).to_have_count(3)
    expect(problems.nth(1)).to_contain_text("3")
    expect(problems.nth(2)).to_contain_text("name")
    assert Function.objects.filter(library__name="gophers").count() == RECORDS - 2
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(20_000)
    assert asked == [], "a job that is over is left alone"


def test_cancelling_a_job_that_waits(page, source):
    job = upload(page, source)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#job .badge").first).to_have_text("Cancelled")
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    page.goto("/jobs/?state=cancelled")
    expect(page.get_by_role("link", name=f"Import #{job.pk}")).to_be_visible()


def test_what_is_wrong_stands_at_the_field(page, tmp_path, console):
    page.goto("/functions/import/")
    page.get_by_role("button", name="Import").click()
    expect(page.locator(".field", has_text="Library").get_by_role("alert").first).to_contain_text("required")
    expect(page.get_by_label("Library")).to_have_attribute("aria-invalid", "true")
    console.expect("422")


def test_the_list_of_jobs_is_live(page, transactional_db):
    job = Job.objects.create(kind="functions.import", params={"library": "gophers"}, state=JobState.RUNNING)
    page.goto("/jobs/")
    row = page.get_by_role("row", name=f"Import #{job.pk}")
    expect(row).to_contain_text("Running")
    row.get_by_role("link").focus()
    Job.objects.filter(pk=job.pk).update(state=JobState.SUCCEEDED)
    expect(row).to_contain_text("Succeeded")
    expect(row.get_by_role("link")).to_be_focused()
