"""Keys and tokens as a person sees them: made, used, replaced, revoked; and a refresh token that comes twice."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, APIResponse, Browser, Page, expect

from apps.users.models import ApiKey, User
from apps.users.tokens import parse_token
from tests.e2e.conftest import Console
from tests.users.factories import PASSWORD

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

TOKENS = "/api/v1/auth/token/"
ME = "/api/v1/me/"


@pytest.fixture
def program(browser: Browser, live_server: Any) -> Iterator[APIRequestContext]:
    """Sends requests without the page's session."""
    context = browser.new_context(base_url=live_server.url)
    yield context.request
    context.close()


def ask(program: APIRequestContext, token: str) -> APIResponse:
    return program.get(ME, headers={"Authorization": f"Bearer {token}"})


def row_of(page: Page, name: str) -> Any:
    return page.get_by_role("row").filter(has_text=name)


def test_a_key_from_the_first_day_to_the_last(
    page: Page, program: APIRequestContext, curator: User, console: Console
) -> None:
    page.goto("/account/keys/")
    page.get_by_label("Name").fill("nightly import")
    page.get_by_label("Read and search functions").check()
    page.get_by_label("Only from these networks").fill("127.0.0.0/8\n::1")
    page.get_by_label("Requests a month").fill("1000")
    page.get_by_role("button", name="Make key").click()
    expect(page.locator("#new-key")).to_be_visible()
    page.wait_for_load_state()
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    token = page.evaluate("navigator.clipboard.readText()")
    assert parse_token(token)
    assert ask(program, token).json()["email"] == curator.email
    page.goto("/account/keys/")
    row = row_of(page, "nightly import")
    expect(row).to_contain_text("127.0.0.0/8")
    expect(row).to_contain_text("of 1,000 this month")
    expect(row).to_contain_text("from 127.0.0.1")
    row.get_by_text("New secret…").click()
    row.get_by_label("The old secret stays good").select_option("no longer")
    row.get_by_role("button", name="Make a new secret").click()
    renewed = page.locator("#new-key").inner_text()
    assert ask(program, token).json()["code"] == "key_rotated"
    assert ask(program, renewed).status == 200
    row_of(page, "nightly import").get_by_role("button", name="Revoke nightly import").click()
    page.get_by_label("Type nightly import to confirm").fill("nightly import")
    page.get_by_role("button", name="Revoke for good").click()
    expect(page.get_by_role("region", name="Messages")).to_contain_text("The key “nightly import” is revoked.")
    console.expect("422")  # of the page that asks for the name
    assert ask(program, renewed).json()["code"] == "key_revoked"
    assert ApiKey.objects.get().revoked_at


def test_a_refresh_token_that_comes_twice(page: Page, program: APIRequestContext, curator: User) -> None:
    credentials = {"email": curator.email, "password": PASSWORD, "name": "nightly sync"}
    first = program.post(TOKENS, data=credentials).json()
    page.goto("/account/keys/")
    expect(row_of(page, "nightly sync")).to_contain_text("from 127.0.0.1")
    second = program.post(f"{TOKENS}refresh/", data={"refresh": first["refresh"]}).json()
    assert ask(program, second["access"]).status == 200
    replayed = program.post(f"{TOKENS}refresh/", data={"refresh": first["refresh"]})
    assert (replayed.status, replayed.json()["code"]) == (401, "token_reused")
    assert ask(program, second["access"]).json()["code"] == "token_revoked"
    # Nobody can tell which of the two was the thief: the newest one is dead too.
    newest = program.post(f"{TOKENS}refresh/", data={"refresh": second["refresh"]})
    assert (newest.status, newest.json()["code"]) == (401, "token_revoked")
    page.reload()
    expect(page.get_by_text("None has tokens that are good now.")).to_be_visible()
    page.get_by_text("Ended", exact=True).click()
    ended = page.get_by_role("listitem").filter(has_text="nightly sync")
    expect(ended).to_contain_text(re.compile(r"revoked .* \(a refresh token was used twice\)"))
