import re

import pytest
from playwright.sync_api import Page, expect

from apps.core.models import Job, JobState
from apps.functions.models import Function, FunctionState
from apps.users.roles import Role
from tests.e2e.conftest import arrive, expect_copied, stop_clock
from tests.users.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

WIDTHS = [390, 1280]


def all_pages(function: Function, job: Job) -> list[str]:
    return [
        "/functions/",
        "/functions/?q=sort+numbers",
        f"/functions/?q=sort+numbers&function={function.pk}",
        "/functions/?q=zzzz&language=go",
        f"/functions/{function.pk}/",
        f"/functions/{function.pk}/edit/",
        f"/functions/{function.pk}/revisions/1/",
        "/functions/new/",
        "/functions/import/",
        "/jobs/",
        f"/jobs/{job.pk}/",
        "/account/",
        "/account/keys/",
        "/account/sessions/",
        "/account/password/change/",
        "/account/email/",
        "/account/second-factor/",
        "/account/passkeys/",
        "/account/reauthenticate/",
        "/account/logout/",
    ]


def theme_of(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def expect_theme(page: Page, colour: str) -> None:
    expect(page.locator("body")).to_have_css("background-color", colour)


@pytest.fixture
def job(transactional_db) -> Job:
    problem = {"location": "functions.jsonl line 3", "field": "name", "reason": "is required " * 20}
    counts = {"created": 5, "changed": 0, "unchanged": 0, "retired": 0, "problems": 1, "per_second": 12.5}
    result = {**counts, "library": "y" * 200, "problem_list": [problem], "skipped": {}, "by_language": {"go": 5}}
    return Job.objects.create(
        kind="functions.import", params={"library": "x" * 200}, state=JobState.SUCCEEDED, result=result
    )


def test_signing_in_and_out(context, live_server):
    user = UserFactory(role=Role.VIEWER)
    page = context.new_page()
    page.goto("/functions/?q=x")
    expect(page).to_have_url(re.compile(r"/account/login/\?next="))
    page.get_by_label("Email address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    arrive(page, re.compile(r"/functions/\?q=x$"))
    expect(page.get_by_role("navigation", name="Main")).not_to_contain_text("Import")
    page.get_by_label(f"Account of {user.full_name}").click()
    page.get_by_role("button", name="Sign out").click()
    arrive(page, re.compile("/account/login/$"))
    page.go_back()
    page.goto("/functions/")
    expect(page).to_have_url(re.compile("/account/login/"))


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways_or_complains(page, functions, job, width, console):
    function = functions["read_csv"]
    name = "a_very_long_name_" * 17
    Function.objects.filter(pk=function.pk).update(
        name=name, qualified_name=name, external_id="i" * 500, path="p/" * 400
    )
    page.set_viewport_size({"width": width, "height": 844})
    for address in all_pages(function, job):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert not console.complaints, address


def test_nothing_comes_from_elsewhere(page, functions, job, live_server):
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    for address in all_pages(functions["read_csv"], job):
        page.goto(address)
    assert asked
    assert all(url.startswith((live_server.url, "data:")) for url in asked)


class TestTheme:
    def test_the_toggle_holds_over_pages_and_reloads(self, page):
        page.goto("/account/")
        light = theme_of(page)
        toggle = page.get_by_role("button", name="Dark theme")
        expect(toggle).to_have_attribute("aria-pressed", "false")
        toggle.click()
        expect(toggle).to_have_attribute("aria-pressed", "true")
        expect(page.locator("body")).not_to_have_css("background-color", light)
        dark = theme_of(page)
        page.goto("/functions/")
        expect_theme(page, dark)
        page.reload()
        expect_theme(page, dark)
        page.get_by_role("button", name="Dark theme").click()
        expect_theme(page, light)

    def test_follows_the_system_until_it_is_told_otherwise(self, page):
        page.goto("/account/")
        light = theme_of(page)
        page.emulate_media(color_scheme="dark")
        expect(page.locator("body")).not_to_have_css("background-color", light)
        expect(page.get_by_role("button", name="Dark theme")).to_have_attribute("aria-pressed", "true")

    def test_never_flashes(self, page):
        """The theme is set before the body is there to be painted."""
        page.goto("/account/")
        page.get_by_role("button", name="Dark theme").click()
        page.add_init_script(
            "new MutationObserver((_, observer) => { if (document.body) {"
            " window.themeAtBody = document.documentElement.dataset.theme; observer.disconnect(); } })"
            ".observe(document, {childList: true, subtree: true});"
        )
        page.reload()
        assert page.evaluate("window.themeAtBody") == "dark"


class TestFunctionPage:
    def test_copies_code_and_id(self, page, functions):
        function = functions["read_csv"]
        page.goto(function.get_absolute_url())
        page.get_by_role("button", name="Copy", exact=True).click()
        expect(page.locator("#announcer")).to_have_text("Copied")
        expect_copied(page, function.code)
        stop_clock(page)  # it says so for a moment
        page.get_by_role("button", name="Copy the id").click()
        expect(page.get_by_role("button", name="Copy the id")).to_have_class(re.compile("copied"))
        expect_copied(page, function.external_id)

    def test_copies_code_that_is_too_long_to_colour(self, page, functions):
        function = functions["read_csv"]
        Function.objects.filter(pk=function.pk).update(code="value = 1\n" * 20_000 + "\n\nlast")
        page.goto(function.get_absolute_url())
        page.get_by_role("button", name="Copy", exact=True).click()
        expect(page.locator("#announcer")).to_have_text("Copied")
        expect_copied(page, "value = 1\n" * 20_000 + "\n\nlast")

    def test_similar_functions_lead_on(self, page, functions):
        page.goto(functions["sort_list"].get_absolute_url())
        links = page.get_by_role("list", name="Similar functions").get_by_role("link")
        expect(links).to_have_count(len(functions) - 1)
        links.filter(has_text="sortSlice").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("sortSlice")

    def test_editing_leaves_a_revision_that_can_be_undone(self, page, functions):
        function = functions["read_csv"]
        page.goto(function.get_absolute_url())
        page.get_by_role("link", name="Edit", exact=True).click()
        page.get_by_label("Description").fill("Reads a table.")
        page.get_by_label("Why").fill("shorter")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".description")).to_have_text("Reads a table.")
        expect(page.locator(".revisions")).to_contain_text("shorter")
        page.get_by_role("link", name="Revision 2").click()
        expect(page.locator(".diff .add").first).to_have_text("+Reads a table.")
        page.go_back()
        page.get_by_role("button", name="Restore revision 1").click()
        expect(page.locator(".description")).to_have_text(function.description)
        function.refresh_from_db()
        assert function.revision == 3

    def test_retiring(self, page, functions):
        function = functions["read_csv"]
        page.goto(function.get_absolute_url())
        page.get_by_role("button", name="Retire").click()
        expect(page.get_by_role("status")).to_contain_text("is retired now")
        function.refresh_from_db()
        assert function.state == FunctionState.RETIRED


def test_the_account_menu_closes_by_escape_and_by_a_click_elsewhere(page):
    page.goto("/account/")
    summary = page.get_by_label("Account of Cora Curator")
    panel = page.locator(".menu-panel")
    summary.click()
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(summary).to_be_focused()
    summary.click()
    page.mouse.click(5, 500)
    expect(panel).to_be_hidden()
