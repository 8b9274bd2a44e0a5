import re

import pytest
from playwright.sync_api import Page, Request, Route, expect

from apps.functions.models import Function
from tests.e2e.conftest import arrive, expect_copied, stop_clock

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def box(page: Page):
    return page.get_by_role("searchbox", name="What should the function do?")


def results(page: Page):
    return page.locator("[data-result]")


def panel(page: Page):
    return page.locator("#peek")


def open_results(page: Page, query: str = "q=sort+numbers") -> None:
    page.goto(f"/functions/?{query}")
    expect(results(page).first).to_be_visible()


@pytest.fixture(autouse=True)
def _catalogue(functions: dict[str, Function]) -> None:
    """Every test searches the same small catalogue."""


class TestTyping:
    def test_results_appear_while_typing_and_the_address_says_what_was_asked(self, page):
        page.goto("/functions/")
        expect(box(page)).to_be_focused()
        box(page).press_sequentially("comma separated values", delay=20)
        expect(results(page).first).to_have_text(re.compile("read_csv|write_csv"))
        expect(page).to_have_url(re.compile(r"\?q=comma\+separated\+values$|\?q=comma%20separated%20values$"))
        expect(page).to_have_title(re.compile("^comma separated values"))
        expect(page.locator("#announcer")).to_contain_text("results for comma separated values")

    def test_a_pause_sends_one_request(self, page):
        asked: list[str] = []
        page.goto("/functions/")
        page.on("request", lambda request: asked.append(request.url) if "?q=" in request.url else None)
        stop_clock(page)
        box(page).press_sequentially("read csv")
        assert asked == []
        page.clock.run_for(5_000)
        expect(results(page).first).to_be_visible()
        assert len(asked) == 1

    def test_an_answer_that_comes_late_never_replaces_a_newer_one(self, page, console):
        held: list[Route] = []

        def hold(route: Route, request: Request) -> None:
            if "q=read" in request.url and "date" not in request.url:
                held.append(route)
            else:
                route.continue_()

        page.goto("/functions/")
        page.route("**/functions/?q=*", hold)
        with page.expect_request("**/functions/?q=read*"):
            box(page).fill("read csv")
        box(page).fill("parse date")
        expect(results(page).first).to_contain_text("parse_date")
        for route in held:
            route.continue_()
        page.wait_for_timeout(300)
        expect(results(page).first).to_contain_text("parse_date")
        expect(page).to_have_url(re.compile(r"\?q=[^?]*date"))
        console.expect("htmx:sendAbort")
        console.expect("htmx:afterRequest")

    def test_clearing_the_box_brings_the_overview_back(self, page):
        open_results(page)
        box(page).fill("")
        expect(page.get_by_role("heading", name="6 functions to find by what they do")).to_be_visible()
        expect(page).to_have_url(re.compile(r"/functions/$"))

    def test_examples_are_queries(self, page):
        page.goto("/functions/")
        page.locator(".examples a").first.click()
        expect(results(page).first).to_be_visible()
        expect(box(page)).not_to_have_value("")

    def test_filters(self, page):
        open_results(page)
        page.get_by_label("Language").select_option("go")
        expect(results(page)).to_have_count(1)
        expect(results(page)).to_contain_text("sortSlice")
        expect(page).to_have_url(re.compile("language=go"))
        page.go_back()
        expect(results(page)).not_to_have_count(1)
        expect(page.get_by_label("Language")).to_have_value("")

    @pytest.mark.parametrize(("length", "said"), [(2_001, "2,001 characters"), (100_000, "100,000 characters")])
    def test_a_query_that_is_too_long_is_refused_at_the_field(self, page, length, said):
        page.goto("/functions/")
        box(page).fill("x" * length)
        expect(page.locator("#search-errors")).to_contain_text(said)
        expect(box(page)).to_have_attribute("aria-invalid", "true")
        box(page).fill("sort numbers")
        expect(results(page).first).to_be_visible()
        expect(page.locator("#search-errors")).to_be_empty()
        expect(box(page)).not_to_have_attribute("aria-invalid", "true")

    def test_a_failure_is_told(self, page, console):
        page.goto("/functions/")
        page.route("**/functions/?q=*", lambda route: route.abort())
        box(page).fill("sort")
        expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
        for told in ("net::ERR_FAILED", "htmx:afterRequest", "htmx:sendError"):
            console.expect(told)

    def test_signed_out_meanwhile(self, page, console):
        page.goto("/functions/")
        page.context.clear_cookies()
        box(page).fill("sort")
        expect(page.get_by_role("alertdialog", name="Your session has ended")).to_be_visible()
        expect(box(page)).to_have_value("sort")
        console.expect("401")

    def test_how_it_was_answered(self, page):
        open_results(page, "q=read_csv")
        page.locator("#trace summary").click()
        expect(page.locator("#trace table")).to_contain_text("name rule")
        expect(page.locator(".answer")).to_contain_text("Answered")


class TestKeyboard:
    def test_moves_looks_opens_and_closes(self, page, functions):
        page.goto("/")
        page.keyboard.press("Control+k")
        page.keyboard.type("search")
        expect(page.get_by_role("option", selected=True)).to_contain_text("Search")
        page.keyboard.press("Enter")
        arrive(page, re.compile("/functions/$"))
        box(page).blur()
        page.keyboard.press("/")
        expect(box(page)).to_be_focused()
        page.keyboard.type("sort numbers in ascending order")
        expect(page).to_have_url(re.compile(r"\?q=sort.*order$"))
        expect(results(page).nth(1)).to_be_visible()
        page.keyboard.press("ArrowDown")
        expect(results(page).nth(0)).to_be_focused()
        page.keyboard.press("j")
        expect(results(page).nth(1)).to_be_focused()
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        first = results(page).nth(0)
        expect(panel(page).get_by_role("heading", level=2)).to_have_text(first.inner_text())
        expect(first).to_have_attribute("aria-current", "true")
        expect(first).to_be_focused()
        page.keyboard.press("ArrowDown")
        second = results(page).nth(1)
        expect(panel(page).get_by_role("heading", level=2)).to_have_text(second.inner_text())
        expect(first).not_to_have_attribute("aria-current", "true")
        page.keyboard.press("Escape")
        expect(panel(page)).to_be_empty()
        expect(second).to_be_focused()
        page.keyboard.press("Enter")
        expect(panel(page).get_by_role("heading", level=2)).to_be_visible()
        opened = functions[second.inner_text()]
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(f"{opened.get_absolute_url()}$"))
        expect(page.get_by_role("heading", level=1)).to_contain_text(opened.name)

    def test_up_from_the_first_returns_to_the_box(self, page):
        open_results(page)
        box(page).focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        expect(box(page)).to_be_focused()

    def test_letters_are_letters_in_the_box(self, page):
        page.goto("/functions/")
        box(page).press_sequentially("j/k")
        expect(box(page)).to_have_value("j/k")

    def test_the_skip_link_leads_to_the_content(self, page):
        page.goto("/account/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()


class TestLinks:
    def test_results_open_in_a_tab_of_their_own(self, page):
        open_results(page)
        with page.context.expect_page() as opened:
            results(page).first.click(modifiers=["ControlOrMeta"])
        expect(panel(opened.value).get_by_role("heading", level=2)).to_be_visible()
        expect(panel(page)).to_be_empty()


class TestAddress:
    def test_reload_restores_query_filter_and_panel(self, page):
        open_results(page, "q=sort+numbers&language=python")
        results(page).first.click()
        expect(panel(page).get_by_role("heading", level=2)).to_be_visible()
        expect(page).to_have_url(re.compile(r"q=sort.numbers&language=python&function=\d+"))
        shown = panel(page).get_by_role("heading", level=2).inner_text()
        page.reload()
        expect(box(page)).to_have_value("sort numbers")
        expect(page.get_by_label("Language")).to_have_value("python")
        expect(panel(page).get_by_role("heading", level=2)).to_have_text(shown)
        expect(page.locator('[data-result][aria-current="true"]')).to_have_text(shown)

    def test_back_closes_the_panel_and_forward_opens_it(self, page):
        open_results(page)
        results(page).nth(0).click()
        expect(panel(page).get_by_role("heading", level=2)).to_be_visible()
        results(page).nth(1).click()
        shown = results(page).nth(1).inner_text()
        expect(panel(page).get_by_role("heading", level=2)).to_have_text(shown)
        page.go_back()
        expect(panel(page)).to_be_empty()
        expect(results(page).first).to_be_visible()
        expect(box(page)).to_have_value("sort numbers")
        page.go_forward()
        expect(panel(page).get_by_role("heading", level=2)).to_have_text(shown)

    def test_back_from_a_functions_page(self, page):
        open_results(page)
        results(page).first.click()
        panel(page).get_by_role("link", name="Open its page", exact=True).click()
        arrive(page, re.compile(r"/functions/\d+/$"))
        page.go_back()
        expect(panel(page).get_by_role("heading", level=2)).to_be_visible()
        expect(results(page).first).to_be_visible()

    def test_a_new_query_closes_the_panel(self, page):
        open_results(page)
        results(page).first.click()
        expect(panel(page).get_by_role("heading", level=2)).to_be_visible()
        box(page).fill("send mail")
        expect(results(page).first).to_contain_text("SendMail")
        expect(panel(page)).to_be_empty()
        expect(page).not_to_have_url(re.compile("function="))


class TestPanel:
    def test_copies_the_code(self, page, functions):
        open_results(page, "q=read_csv")
        results(page).first.click()
        button = panel(page).get_by_role("button", name="Copy the code")
        expect(button).to_be_visible()
        stop_clock(page)  # it says so for a moment
        button.click()
        expect(button).to_have_class(re.compile("copied"))
        expect_copied(page, functions["read_csv"].code)

    def test_fills_a_phone_and_closes(self, page):
        page.set_viewport_size({"width": 390, "height": 844})
        open_results(page)
        results(page).first.click()
        heading = panel(page).get_by_role("heading", level=2)
        expect(heading).to_be_focused()
        box_of_panel = panel(page).bounding_box()
        assert (box_of_panel["width"], box_of_panel["height"]) == (390, 844)
        panel(page).get_by_role("link", name="Close the preview").click()
        expect(panel(page)).to_be_empty()
        expect(results(page).first).to_be_focused()


def test_works_without_javascript(browser, context, page, live_server):
    cookies = context.cookies()
    plain = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    plain.add_cookies(cookies)
    other = plain.new_page()
    other.goto("/functions/")
    box(other).fill("sort numbers")
    other.get_by_role("button", name="Search").click()
    results(other).first.click()
    expect(panel(other).get_by_role("heading", level=2)).to_be_visible()
    panel(other).get_by_role("link", name="Close the preview").click()
    expect(panel(other)).to_be_empty()
    expect(results(other).first).to_be_visible()
    plain.close()
