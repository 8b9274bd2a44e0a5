"""The design system in a browser: the living page, the palette, confirming, toasts, the side bar."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.axe import assert_accessible
from tests.e2e.conftest import stop_clock

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

DESIGN = "/design/"
IS_WITHIN = "document.activeElement === document.body || Boolean(document.activeElement.closest('#palette'))"
SMALL_TARGETS = """() =>
    [...document.querySelectorAll("button, summary, select, input:not([type=hidden]), .side-link, .chip, .tabs a")]
    .filter((element) => element.checkVisibility() && !element.matches("[type=checkbox], [type=radio]"))
    .filter((element) => Math.min(element.getBoundingClientRect().width, element.getBoundingClientRect().height) < 24)
    .map((element) => element.outerHTML)"""
COVERED_BY_THE_BAR = """() => {
    const bar = document.querySelector(".top").getBoundingClientRect().bottom;
    const covered = [];
    for (const element of document.querySelectorAll("#main a, #main button, #main input")) {
        if (!element.checkVisibility() || element.disabled) continue;
        element.focus();
        if (element.getBoundingClientRect().bottom <= bar) covered.push(element.outerHTML);
    }
    return covered;
}"""
STILL = 0.01
"""Of a page's layout shifts together (https://web.dev/articles/cls): a tenth of what is held to be good."""
TELL_SHIFTS = """
window.moved = [];
const tell = (shift) => shift.sources.map(({ node }) => `${node?.nodeName} ${node?.className} ${node?.id}`);
new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) window.moved.push([shift.value, tell(shift)]);
})
    .observe({ type: "layout-shift", buffered: true });"""


def palette(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Go to or do")


def palette_box(page: Page) -> Locator:
    return palette(page).get_by_role("combobox")


def options(page: Page) -> Locator:
    return palette(page).get_by_role("option")


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(palette_box(page)).to_be_focused()
    expect(options(page).first).to_have_attribute("aria-selected", "true")


def type_in_palette(page: Page, text: str, first: str) -> None:
    """Types, and waits until the list is that of what was typed."""
    page.keyboard.type(text)
    expect(palette(page).get_by_role("option", selected=True)).to_contain_text(first)


def open_confirming(page: Page) -> None:
    page.goto(DESIGN)
    page.get_by_role("button", name="Delete a suite…").press("Enter")
    expect(page.get_by_role("dialog", name="Delete the suite?")).to_be_visible()


class TestAccessibility:
    def test_every_part_in_both_themes_and_widths(self, page):
        assert_accessible(page, DESIGN)

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_what_opens_over_a_page(self, page, theme):
        page.emulate_media(color_scheme=theme)
        page.goto(DESIGN)
        page.get_by_label("Account of").click()
        expect(page.locator(".menu[open] .menu-panel")).to_be_visible()
        assert_accessible(page)
        page.keyboard.press("Escape")
        open_palette(page)
        assert_accessible(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Delete a suite…").click()
        expect(page.get_by_role("dialog", name="Delete the suite?")).to_be_visible()
        assert_accessible(page)

    def test_every_target_has_room_for_a_finger(self, page):
        """24 px each way, but for links within a sentence."""
        page.set_viewport_size({"width": 360, "height": 800})
        page.goto(DESIGN)
        small = page.evaluate(SMALL_TARGETS)
        assert small == []

    def test_nothing_that_sticks_covers_the_focus(self, page):
        page.set_viewport_size({"width": 360, "height": 640})
        page.goto(DESIGN)
        covered = page.evaluate(COVERED_BY_THE_BAR)
        assert covered == []

    def test_the_tab_of_the_page_is_in_view_on_a_phone(self, page):
        page.set_viewport_size({"width": 360, "height": 640})
        for address, tab in (("/suites/", "Suites"), ("/suites/drafts/", "Wrong answers")):
            page.goto(address)
            expect(page.locator(".tabs").get_by_role("link", name=tab)).to_be_in_viewport(ratio=0.9)
            assert page.evaluate("window.scrollY") == 0


class TestPalette:
    def test_leads_to_a_page_by_keys_alone(self, page):
        page.goto(DESIGN)
        open_palette(page)
        type_in_palette(page, "job", "Jobs")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/jobs/$"))

    def test_finds_functions(self, page, functions):
        page.goto(DESIGN)
        open_palette(page)
        type_in_palette(page, "read_csv", "read_csv")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(rf"/functions/{functions['read_csv'].pk}/$"))

    def test_enter_waits_for_the_list_of_what_was_typed(self, page):
        page.goto(DESIGN)
        open_palette(page)
        page.keyboard.type("schedules")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/suites/schedules/$"))

    def test_arrows_go_round(self, page):
        page.goto(DESIGN)
        open_palette(page)
        names = options(page)
        page.keyboard.press("ArrowDown")
        expect(names.nth(1)).to_have_attribute("aria-selected", "true")
        expect(palette_box(page)).to_have_attribute("aria-activedescendant", names.nth(1).get_attribute("id"))
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        expect(names.last).to_have_attribute("aria-selected", "true")

    def test_the_focus_stays_within_and_goes_back(self, page):
        page.goto(DESIGN)
        opener = page.get_by_role("link", name="Go to…").last
        opener.press("Enter")
        expect(palette_box(page)).to_be_focused()
        for _ in range(4):
            page.keyboard.press("Tab")
            assert page.evaluate(IS_WITHIN)
        page.keyboard.press("Escape")
        expect(palette_box(page)).to_be_hidden()
        expect(opener).to_be_focused()

    def test_does_things(self, page):
        page.goto(DESIGN)
        open_palette(page)
        type_in_palette(page, "dark", "Light or dark theme")
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        open_palette(page)
        type_in_palette(page, "sign out", "Sign out")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/account/login/"))

    def test_says_that_nothing_is_called_that(self, page):
        page.goto(DESIGN)
        open_palette(page)
        page.keyboard.type("qqqq")
        expect(palette(page)).to_contain_text("Nothing is called that")
        expect(options(page)).to_have_count(0)

    def test_escape_leaves_the_panel_below_open(self, page, functions):
        page.goto(f"/functions/?q=csv&function={functions['read_csv'].pk}")
        open_palette(page)
        page.keyboard.press("Escape")
        expect(palette_box(page)).to_be_hidden()
        expect(page.locator(".peek-card")).to_be_visible()


class TestConfirming:
    def test_by_typing(self, page):
        open_confirming(page)
        stop_clock(page)  # it would go by itself
        page.keyboard.type("demo-suite")
        page.keyboard.press("Enter")
        toast = page.get_by_role("status").filter(has_text="Confirmed")
        expect(toast).to_be_visible()
        expect(page.locator("#announcer")).to_contain_text("Confirmed")
        toast.get_by_role("button", name="Dismiss").click()
        page.clock.run_for(1_000)
        expect(toast).to_have_count(0)

    def test_another_text_changes_nothing(self, page, console):
        open_confirming(page)
        page.keyboard.type("demo")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert").filter(has_text="This is not “demo-suite”")).to_be_visible()
        console.expect("422")
        assert_accessible(page)

    def test_escape_gives_the_focus_back(self, page):
        open_confirming(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Delete a suite…")).to_be_focused()


class TestWithoutJavaScript:
    @pytest.fixture
    def plain(self, browser: Browser, context, page, live_server):
        plain = browser.new_context(
            base_url=live_server.url, java_script_enabled=False, viewport={"width": 360, "height": 800}
        )
        plain.add_cookies(context.cookies())
        yield plain.new_page()
        plain.close()

    def test_confirms_and_says_so(self, plain):
        plain.goto(DESIGN)
        plain.get_by_role("button", name="Delete a suite…").click()
        plain.get_by_label("Type demo-suite to confirm").fill("demo-suite")
        plain.get_by_role("button", name="Delete the suite").click()
        expect(plain.get_by_text("Confirmed.")).to_be_visible()
        expect(plain.get_by_role("button", name="Dismiss").first).to_be_hidden()

    def test_the_palette_is_a_page(self, plain):
        plain.goto(DESIGN)
        plain.locator(".top [data-palette]").click()
        plain.get_by_role("searchbox").fill("sweeps")
        plain.get_by_role("button", name="Find").click()
        plain.locator("#main").get_by_role("link", name="Sweeps").click()
        expect(plain).to_have_url(re.compile(r"/suites/$"))

    def test_the_side_bar_opens_on_a_phone(self, plain):
        plain.goto(DESIGN)
        main = plain.get_by_role("navigation", name="Main")
        expect(main).to_be_hidden()
        plain.get_by_role("button", name="Menu").click()
        main.get_by_role("link", name="Jobs").click()
        expect(plain).to_have_url(re.compile(r"/jobs/$"))


@pytest.mark.parametrize("bytes_a_second", [None, 20_000])
def test_nothing_moves_while_a_page_loads(page, functions, bytes_a_second):
    page.add_init_script(TELL_SHIFTS)
    if bytes_a_second:
        slow_down(page, bytes_a_second)
    found = functions["read_csv"].get_absolute_url()
    for address in ("/", "/functions/?q=csv", found, "/functions/import/", "/jobs/", "/suites/", "/inference/calls/"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        moved = page.evaluate("window.moved")
        assert sum(score for score, _ in moved) < STILL, (address, moved)


def slow_down(page: Page, bytes_a_second: int) -> None:
    """A page is drawn many times while it comes in."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    rates = {"downloadThroughput": bytes_a_second, "uploadThroughput": bytes_a_second}
    network.send("Network.emulateNetworkConditions", {"offline": False, "latency": 20, **rates})
