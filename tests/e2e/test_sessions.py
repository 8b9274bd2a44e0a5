"""A session about to end, and one that has ended: nothing that was typed is lost."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from apps.functions.models import Function
from apps.users.models import User
from apps.users.sessions.models import Session
from tests.e2e.axe import assert_accessible
from tests.e2e.conftest import Console
from tests.users.factories import PASSWORD

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

NEW = "/functions/new/"


@pytest.fixture
def form(page: Page) -> Page:
    """A half-filled form in a page whose clock the test moves."""
    page.clock.install()
    page.goto(NEW)
    page.get_by_label("Name", exact=True).fill("half_written")
    page.get_by_label("Name", exact=True).press("End")
    return page


def leave_alone(page: Page, *, left: timedelta) -> None:
    """Nobody did anything until so long before the end, on the server as in the page."""
    now = timezone.now()
    for session in Session.objects.all():
        gone = session.latest_end - now - left
        session.seen_at -= gone
        session.ends_at -= gone
        session.save()
    page.clock.fast_forward(int(gone.total_seconds() * 1000))


def typed(page: Page):
    return page.get_by_label("Name", exact=True)


def sign_in(page: Page, user: User) -> None:
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="You are signed in again")).to_be_visible()


def test_one_click_renews_a_session_that_is_about_to_end(form: Page) -> None:
    leave_alone(form, left=timedelta(seconds=100))
    warning = form.get_by_role("alertdialog", name="Your session is about to end")
    expect(warning).to_contain_text(re.compile("signed out in 1 minute"))
    stay = warning.get_by_role("button", name="Stay signed in")
    expect(stay).to_be_focused()
    assert_accessible(form)
    stay.press("Enter")
    expect(warning).to_be_hidden()
    assert Session.objects.get().latest_end > timezone.now() + timedelta(hours=7)
    expect(typed(form)).to_have_value("half_written")
    expect(typed(form)).to_be_focused()
    form.clock.fast_forward(101_000)  # past the end that it had before
    expect(form.get_by_role("alertdialog", name="Your session has ended")).to_be_hidden()
    expect(warning).to_be_hidden()
    form.reload()
    expect(form).to_have_url(re.compile(f"{NEW}$"))


def test_another_tab_that_is_used_keeps_this_one(form: Page, context: BrowserContext) -> None:
    leave_alone(form, left=timedelta(seconds=100))
    warning = form.get_by_role("alertdialog", name="Your session is about to end")
    expect(warning).to_be_visible()
    other = context.new_page()
    other.goto("/account/sessions/")
    form.clock.fast_forward(100_000)
    expect(warning).to_be_hidden()
    expect(form.get_by_role("alertdialog", name="Your session has ended")).to_be_hidden()


def test_after_signing_in_again_in_a_new_tab_one_goes_on(
    form: Page, context: BrowserContext, curator: User, functions: dict[str, Function]
) -> None:
    form.get_by_label("Library").fill("tools")
    form.get_by_label("Language").select_option("python")
    form.get_by_label("Description").fill("Was typed before the session ended.")
    Session.objects.all().delete()
    form.clock.fast_forward(int(timedelta(hours=8, seconds=1).total_seconds() * 1000))
    ended = form.get_by_role("alertdialog", name="Your session has ended")
    expect(ended).to_be_visible()
    assert_accessible(form)
    with context.expect_page() as opened:
        ended.get_by_role("link", name="Sign in again").click()
    sign_in(opened.value, curator)
    expect(ended).to_be_hidden()
    expect(typed(form)).to_have_value("half_written")
    form.get_by_role("button", name="Add function").click()
    expect(form.get_by_role("heading", name="half_written")).to_be_visible()
    assert Function.objects.filter(name="half_written").exists()


def test_a_form_that_came_too_late_is_kept_in_the_answer_and_sent_again(
    form: Page, context: BrowserContext, curator: User, console: Console
) -> None:
    form.get_by_label("Library").fill("tools")
    form.get_by_label("Language").select_option("python")
    form.get_by_label("Description").fill("Typed & kept.")
    Session.objects.all().delete()
    form.get_by_role("button", name="Add function").click()
    expect(form.get_by_role("heading", name="Your session has ended")).to_be_visible()
    form.get_by_text("What you typed").click()
    assert_accessible(form)
    expect(form.get_by_role("definition").filter(has_text="Typed & kept.")).to_be_visible()
    with context.expect_page() as opened:
        form.get_by_role("link", name="Sign in again").click()
    sign_in(opened.value, curator)
    form.get_by_role("button", name="Send it again").click()
    expect(form.get_by_role("heading", name="Send it again?")).to_be_visible()
    form.get_by_role("button", name="Send it again").click()
    expect(form.get_by_role("heading", name="half_written")).to_be_visible()
    assert Function.objects.get(name="half_written").description == "Typed & kept."
    console.expect("401")
    console.expect("403")
