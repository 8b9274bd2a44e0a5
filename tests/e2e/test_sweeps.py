import re

import pytest
from playwright.sync_api import Page, expect

from apps.core.jobs.services import run_job
from apps.core.models import Job, JobState
from apps.evaluations.models import Case, CaseState, Report, Run, Suite
from apps.functions.models import Function
from tests.e2e.conftest import arrive, build_index

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

QUESTIONS = {
    "read comma separated values": "read_csv",
    "write rows to a file": "write_csv",
    "send an e-mail message": "SendMail",
    "turn text into a date": "parse_date",
    "sort a slice of numbers in go": "sortSlice",
}
WIDTHS = [360, 1280]


@pytest.fixture
def suite(functions: dict[str, Function]) -> Suite:
    suite = Suite.objects.create(name="Smoke", target="functions.search")
    for number, (query, name) in enumerate(QUESTIONS.items()):
        expected = [functions[name].external_id]
        Case.objects.create(suite=suite, external_id=str(number), query=query, expected=expected, tags=["smoke"])
    return suite


def work() -> None:
    """What the workers would do: every job that waits, and those that come of it."""
    while job := Job.objects.filter(state=JobState.QUEUED).order_by("pk").first():
        run_job(job.pk)


def panel(page: Page):
    return page.locator("#peek")


def rows(page: Page):
    return page.locator("[data-result]")


def sweep(page: Page, suite: Suite, note: str) -> Run:
    page.goto(suite.get_absolute_url())
    page.get_by_label("Note").fill(note)
    page.get_by_role("button", name=re.compile("Sweep 5 cases")).click()
    arrive(page, re.compile(r"/suites/runs/\d+/$"))
    return suite.runs.first()


@pytest.fixture
def worse(page: Page, suite: Suite, functions: dict[str, Function]) -> Report:
    """Two runs, between which one function was retired, and one case came to expect what there is not."""
    first = sweep(page, suite, "as it was")
    work()
    mail = functions["SendMail"]
    Case.objects.filter(suite=suite, query="turn text into a date").update(expected=["nobody-has-this"])
    sweep(page, suite, "after an edit")
    Function.objects.filter(pk=mail.pk).update(state="retired")
    build_index()
    work()
    report = Report.objects.latest("pk")
    assert report.baseline == first
    return report


def test_a_sweep_is_started_watched_and_read(page, suite):
    run = sweep(page, suite, "first of all")
    expect(page.locator("#progress .badge")).to_have_text("Queued")
    chunk = Job.objects.get(kind="evaluations.chunk")
    run_job(chunk.pk)
    expect(page.locator("#progress")).to_contain_text("5 of 5 cases")
    expect(page.get_by_role("region", name="First estimate")).to_contain_text("Top-1 accuracy")
    work()
    expect(page.locator(".verdict-title")).to_have_text("First run")
    expect(page.get_by_role("group", name="Measures")).to_contain_text("Recall at 5")
    page.get_by_role("button", name="Run again").click()
    arrive(page, re.compile(rf"/suites/runs/(?!{run.pk}/)\d+/$"))
    again = suite.runs.first()
    assert again.baseline == run
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The run was cancelled after 0 of 5 cases")).to_be_visible()


def test_the_flips_are_read_by_keyboard(page, worse):
    page.goto(worse.get_absolute_url())
    expect(rows(page)).to_have_count(5)
    page.keyboard.press("f")
    expect(page).to_have_url(re.compile("show=failures"))
    page.keyboard.press("f")
    expect(page).to_have_url(re.compile("show=flips"))
    expect(rows(page)).to_have_count(2)
    expect(page.locator(".result .badge")).to_have_text(["newly wrong", "newly wrong"])
    page.keyboard.press("f")
    expect(rows(page)).to_have_count(5)
    page.keyboard.press("j")
    expect(rows(page).first).to_be_focused()
    page.keyboard.press("Enter")
    sides = panel(page).locator(".side")
    expect(sides).to_have_count(2)
    first = rows(page).first.inner_text()
    expect(panel(page).get_by_role("heading", level=2)).to_have_text(first)
    page.keyboard.press("j")
    expect(panel(page).get_by_role("heading", level=2)).to_have_text(rows(page).nth(1).inner_text())
    page.keyboard.press("k")
    expect(panel(page).get_by_role("heading", level=2)).to_have_text(first)
    page.reload()
    expect(panel(page).get_by_role("heading", level=2)).to_have_text(first)
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_empty()


def test_another_right_answer_is_accepted_from_the_panel(page, worse):
    page.goto(f"{worse.get_absolute_url()}?show=failures")
    rows(page).filter(has_text="turn text into a date").click()
    panel(page).get_by_role("button", name=re.compile("Accept .*parse_date")).click()
    expect(panel(page).get_by_role("status")).to_contain_text("is a right answer to this case now")
    assert len(Case.objects.get(query="turn text into a date").expected) == 2


def test_a_wrong_answer_becomes_a_case(page, functions, suite):
    page.goto("/functions/?q=sort+numbers")
    page.get_by_role("link", name="This is wrong").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What would have been right?")
    page.wait_for_load_state()
    page.get_by_label("Find another one").fill("parse date")
    page.locator("#suggestions").get_by_text("parse_date").click()
    page.get_by_label("Note").fill("I meant dates")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    page.get_by_role("link", name="Wrong answers").click()
    arrive(page, re.compile("/suites/drafts/"))
    rows(page).filter(has_text="sort numbers").click()
    draft = panel(page)
    expect(draft).to_contain_text("I meant dates")
    draft.get_by_label("Into the suite").select_option("Smoke")
    draft.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status")).to_contain_text("is a case of Smoke now")
    case = suite.cases.get(query="sort numbers")
    assert (case.state, len(case.expected)) == (CaseState.ACTIVE, 1)


def test_no_page_of_sweeps_scrolls_sideways_or_complains(page, worse, console):
    suite, case = worse.run.suite, worse.run.suite.cases.first()
    Suite.objects.update(name="a_very_long_name_" * 11)
    Run.objects.update(note="n" * 300)
    Case.objects.filter(pk=case.pk).update(query="q" * 900, tags=["t" * 100])
    addresses = (
        "/suites/",
        "/suites/new/",
        suite.get_absolute_url(),
        f"/suites/{suite.pk}/settings/",
        f"/suites/{suite.pk}/cases/?peek={case.pk}",
        f"/suites/{suite.pk}/cases/",
        f"/suites/?peek={suite.pk}",
        f"/suites/runs/?peek={worse.run_id}&columns=run,suite,note,verdict,accuracy,cases,p95,rate,by,started",
        f"/suites/reports/?peek={worse.pk}",
        f"/suites/{suite.pk}/cases/add/",
        case.get_absolute_url(),
        worse.get_absolute_url(),
        f"{worse.get_absolute_url()}?case={case.pk}",
        "/suites/drafts/",
        "/suites/schedules/",
        "/suites/schedules/new/",
    )
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        for address in addresses:
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            assert not console.complaints, address


def test_works_without_javascript(browser, context, page, live_server, worse):
    plain = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    plain.add_cookies(context.cookies())
    other = plain.new_page()
    other.goto(worse.get_absolute_url())
    other.get_by_text("Flips", exact=True).last.click()
    other.get_by_role("button", name="Filter").click()
    expect(rows(other)).to_have_count(2)
    rows(other).first.click()
    expect(panel(other).locator(".side")).to_have_count(2)
    plain.close()
