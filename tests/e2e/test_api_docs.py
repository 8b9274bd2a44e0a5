"""The API's reference takes the theme of the other pages, and can be read in both."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import CONTRAST, THEMES, find_violations

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

DOCS = "/api/v1/docs/"
GROUND = "getComputedStyle(document.querySelector('.swagger-ui')).backgroundColor"
DARK = re.compile(r"\bdark-mode\b")


def open_docs(page: Page) -> None:
    page.goto(DOCS)
    expect(page.locator(".opblock").first).to_be_visible()


def test_it_takes_the_systems_theme_also_when_that_changes(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    open_docs(page)
    expect(page.locator("html")).to_have_class(DARK)
    dark = page.evaluate(GROUND)
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).not_to_have_class(DARK)
    page.wait_for_function(f"(dark) => {GROUND} !== dark", arg=dark)


def test_it_takes_the_theme_that_was_chosen_elsewhere_and_offers_the_other(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/account/")
    page.get_by_role("button", name="Dark theme").click()
    open_docs(page)
    expect(page.locator("html")).to_have_class(DARK)
    toggle = page.get_by_role("button", name="Dark theme")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    toggle.click()
    expect(page.locator("html")).not_to_have_class(DARK)
    page.reload()
    expect(page.locator("html")).not_to_have_class(DARK)
    page.get_by_role("link", name="Touchstone", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_folded_can_be_read_too(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    open_docs(page)
    for method in ("get", "post", "patch", "delete"):
        page.locator(f".opblock-{method} .opblock-summary-control").first.click()
    expect(page.locator(".opblock-body")).to_have_count(4)
    page.locator(".opblock-get .try-out__btn").first.click()
    expect(page.get_by_role("button", name="Execute").first).to_be_visible()
    assert find_violations(page, CONTRAST, within=".is-open") == []
    page.get_by_role("button", name="Authorize").click()
    expect(page.locator(".modal-ux")).to_be_visible()
    assert find_violations(page, CONTRAST, within=".modal-ux") == []
