"""From an address and a password to the first function that was looked for, with a keyboard alone."""

import re

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from tests.e2e.conftest import arrive

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.critical, pytest.mark.django_db(transaction=True)]

EMAIL, PASSWORD = "new@example.com", "a-long-enough-passphrase"


def test_from_the_first_visit_to_the_first_search(context, functions):
    call_command("create_user", EMAIL, "--role", "viewer", "--password", PASSWORD)
    page = context.new_page()
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/account/login/\?next=/$"))
    expect(page.get_by_label("Email address")).to_be_focused()
    page.keyboard.type(EMAIL)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    arrive(page, re.compile(r"//[^/]+/$"))
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("turn text into a date")
    page.keyboard.press("Enter")
    arrive(page, re.compile(r"/functions/\?q=turn\+text\+into\+a\+date$"))
    expect(page).to_have_title(re.compile("turn text into a date"))
    expect(page.locator("[data-result]").first).to_contain_text("parse_date")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#peek h2")).to_contain_text("parse_date")
