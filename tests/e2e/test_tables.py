import re

import pytest
from playwright.sync_api import Page, expect

from apps.core.models import Job, JobState
from apps.core.tables.models import SavedView
from tests.e2e.axe import assert_accessible

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def jobs(transactional_db) -> list[Job]:
    """Four that are over, two of them failed; none of them changes while it is looked at."""
    made = []
    for number, (kind, state) in enumerate(
        (("import", "succeeded"), ("embed", "failed"), ("build_index", "succeeded"), ("import", "failed"))
    ):
        job = Job.objects.create(kind=f"functions.{kind}", state=state, message=f"{number} functions")
        made.append(job)
    return made


def rows(page: Page):
    return page.locator("[data-result]")


def panel(page: Page):
    return page.locator("#peek")


def keys(jobs: list[Job], *places: int) -> list[re.Pattern[str]]:
    return [re.compile(rf"#{jobs[place].pk}\b") for place in places]


def test_sort_filter_choose_columns_and_keep_the_view(page, jobs):
    page.goto("/jobs/")
    expect(rows(page)).to_have_text(keys(jobs, 3, 2, 1, 0))
    page.get_by_role("link", name="When").click()
    expect(page.locator('th[aria-sort="ascending"]')).to_have_text("When")
    expect(rows(page)).to_have_text(keys(jobs, 0, 1, 2, 3))
    expect(page.locator("#sort-when")).to_be_focused()
    page.get_by_role("combobox", name="State").select_option("failed")
    expect(rows(page)).to_have_text(keys(jobs, 1, 3))
    expect(page).to_have_url("/jobs/?state=failed&sort=when")
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Attempts").check()
    expect(page.get_by_role("columnheader", name="Attempts")).to_be_visible()
    page.get_by_label("Progress").uncheck()
    expect(page.get_by_role("columnheader", name="Progress")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("attempts"))
    expect(page).not_to_have_url(re.compile("progress"))
    seen = page.url

    page.get_by_text("Views", exact=True).click()
    page.get_by_role("button", name="Save this view").click()
    page.get_by_label("Name", exact=True).fill("Failed ones")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="is kept")).to_be_visible()
    assert SavedView.objects.get().query in seen
    page.goto("/jobs/")
    expect(rows(page)).to_have_count(4)
    page.get_by_text("Views", exact=True).click()
    page.get_by_role("link", name="Failed ones").click()
    expect(rows(page)).to_have_text(keys(jobs, 1, 3))
    expect(page).to_have_url(seen)
    expect(page.get_by_role("columnheader", name="Attempts")).to_be_visible()
    page.get_by_role("link", name="Clear all").click()
    expect(rows(page)).to_have_count(4)


def test_look_at_rows_by_keyboard(page, jobs):
    page.goto("/jobs/")
    page.keyboard.press("j")
    expect(rows(page).first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows(page).nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text(f"#{jobs[2].pk}")
    expect(page).to_have_url(f"/jobs/?peek={jobs[2].pk}")
    page.keyboard.press("k")
    expect(panel(page)).to_contain_text(f"#{jobs[3].pk}")
    page.reload()
    expect(panel(page)).to_contain_text(f"#{jobs[3].pk}")
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    expect(page).to_have_url("/jobs/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(panel(page)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/jobs/\d+/$"))


def test_find_and_select(page, jobs):
    Job.objects.update(state=JobState.QUEUED)
    page.goto("/jobs/")
    page.keyboard.press("/")
    page.keyboard.type("2 functions")
    expect(rows(page)).to_have_text(keys(jobs, 2))
    expect(page).to_have_url("/jobs/?q=2+functions")
    page.goto("/jobs/")
    page.locator("tbody tr").first.locator("td").nth(2).click()
    expect(panel(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_hidden()
    page.get_by_label("Select all rows").check()
    expect(page.get_by_text("4 selected")).to_be_visible()
    page.locator('[name="rows"]').first.uncheck()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Cancelled 3 jobs")).to_be_visible()
    assert Job.objects.filter(state=JobState.QUEUED).get() == jobs[3]


def test_works_without_javascript(browser, context, page, live_server, jobs):
    plain = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    plain.add_cookies(context.cookies())
    other = plain.new_page()
    other.goto("/jobs/")
    other.get_by_role("combobox", name="State").select_option("failed")
    other.get_by_text("Columns", exact=True).click()
    other.get_by_label("Attempts").check()
    other.get_by_role("button", name="Show").click()
    expect(rows(other)).to_have_text(keys(jobs, 3, 1))
    expect(other.get_by_role("columnheader", name="Attempts")).to_be_visible()
    other.get_by_role("link", name="When").click()
    expect(rows(other)).to_have_text(keys(jobs, 1, 3))
    rows(other).first.click()
    expect(panel(other)).to_contain_text(f"#{jobs[1].pk}")
    plain.close()


def test_rows_are_cards_on_a_phone_and_everybody_can_use_them(page, jobs):
    assert_accessible(page, f"/jobs/?peek={jobs[0].pk}", "/jobs/")
    expect(page.locator("thead")).to_be_hidden()
    expect(rows(page)).to_have_count(4)
