"""The policy of contents keeps nothing from working: each test also proves that the console has no word of it."""

import re

import pytest
from django.conf import settings as configured
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from apps.users.roles import Role
from tests.evaluations.factories import ScheduleFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def back_office(context: BrowserContext, transactional_db, live_server) -> Page:
    client = Client()
    client.force_login(UserFactory(role=Role.ADMIN))
    cookie = client.cookies[configured.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    return context.new_page()


def test_the_back_office_works_without_inline_scripts_and_styles(back_office: Page) -> None:
    ScheduleFactory()
    back_office.goto("/admin/")
    colour = "getComputedStyle(document.documentElement).getPropertyValue('--color-primary-600')"
    assert back_office.evaluate(colour) == "#2350b8"
    back_office.goto("/admin/evaluations/schedule/")
    back_office.locator('[x-on\\:click="filterOpen = true"]').first.click()
    expect(back_office.locator("#changelist-filter")).to_be_visible()
    back_office.keyboard.press("Escape")
    back_office.locator("#action-toggle").check()
    expect(back_office.locator("#changelist-actions select[name=action]")).to_be_visible()
    expect(back_office.locator("#changelist-actions")).to_have_attribute("style", re.compile(r"\bwidth: [1-9]"))
    back_office.goto("/admin/evaluations/schedule/add/")
    back_office.locator(".select2-selection").first.click()
    expect(back_office.locator(".select2-dropdown")).to_be_visible()


def test_the_description_of_the_api_can_be_read(page: Page) -> None:
    page.goto("/api/v1/docs/")
    expect(page.locator(".opblock").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).margin") == "0px"
