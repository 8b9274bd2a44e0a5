import re

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import BrowserContext, Page, expect

from apps.users.accounts.invitations import invite, make_link
from apps.users.jwt.services import start_family
from apps.users.models import User
from apps.users.roles import Role
from tests.e2e.axe import assert_accessible
from tests.e2e.conftest import arrive
from tests.users.accounts.helpers import NEW_PASSWORD, code_of, give_totp
from tests.users.factories import PASSWORD, ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

EMAIL = "ada@example.com"
LOGIN = "/account/login/?next=/account/"
WIDTHS = [360, 1280]
SCROLLING = """[...document.querySelectorAll(".table-wrap")]
    .filter((wrap) => wrap.scrollWidth > wrap.clientWidth).map((wrap) => wrap.ariaLabel)"""


def give(page: Page, label: str, text: str, button: str) -> None:
    page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name=button, exact=True).click()


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto(LOGIN)
    page.get_by_label("Email address").fill(email)
    give(page, "Password", password, "Sign in")


def prove_again(page: Page) -> None:
    page.goto("/account/reauthenticate/?next=/account/")
    give(page, "Password", PASSWORD, "Go on")
    arrive(page, re.compile("/account/$"))


def sign_out(page: Page) -> None:
    page.goto("/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    arrive(page, re.compile("/account/login/$"))


def add_authenticator(context: BrowserContext, page: Page) -> None:
    """A device that has passkeys and always knows its owner, as browsers offer it to tests."""
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.fixture
def admin(transactional_db) -> User:
    return UserFactory(role=Role.ADMIN, full_name="Grace")


@pytest.fixture
def link(admin: User, settings, live_server) -> str:
    settings.SITE_URL = live_server.url
    return make_link(invite(email=EMAIL, role=Role.CURATOR, invited_by=admin)[1])


def test_joining_by_invitation_with_an_authenticator_app(context, console, link, settings):
    settings.REQUIRE_SECOND_FACTOR = "staff"
    page = context.new_page()
    page.goto(link)
    expect(page.get_by_role("heading", name="Make your account")).to_be_visible()
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    give(page, "Password again", NEW_PASSWORD, "Make the account")

    expect(page.get_by_text("Your account must have a second factor")).to_be_visible()
    page.get_by_role("link", name="Set up an app").click()
    expect(page.get_by_role("img", name=re.compile("as a picture"))).to_be_visible()
    secret = page.locator("#totp-secret").inner_text()
    give(page, "Code", code_of(secret), "Turn on")
    expect(page.locator("#recovery-codes")).to_have_text(re.compile(r"^\s*(\S+\s+){9}\S+\s*$"))
    codes = page.locator("#recovery-codes").inner_text().split()
    assert len(codes) == 10
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_text().split() == codes

    sign_out(page)
    page.goto(link)
    expect(page.get_by_role("heading", name="This invitation is not good any more")).to_be_visible()
    console.expect("410")
    sign_in(page, EMAIL, NEW_PASSWORD)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    assert context.request.get("/account/", max_redirects=0).status == 302  # the password alone lets nobody in
    # That of the present period may be the one that set it up, which is taken once.
    give(page, "Code", code_of(secret, 1), "Sign in")
    expect(page.get_by_label("Account of Ada Lovelace")).to_be_visible()
    joined = User.objects.get(email=EMAIL)
    assert (joined.role, joined.full_name) == (Role.CURATOR, "Ada Lovelace")
    sign_out(page)
    sign_in(page, EMAIL, NEW_PASSWORD)
    give(page, "Code", codes[3], "Sign in")
    expect(page.get_by_label("Account of Ada Lovelace")).to_be_visible()
    page.goto("/account/second-factor/")
    expect(page.get_by_text("9 left.")).to_be_visible()


def test_a_wrong_code_is_told_and_can_be_left(context, console, transactional_db):
    user = UserFactory()
    give_totp(user)
    page = context.new_page()
    sign_in(page, user.email, PASSWORD)
    give(page, "Code", "000000", "Sign in")
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong")
    console.expect("422")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_passkey_is_added_and_signs_in_alone(context, transactional_db):
    user = UserFactory()
    page = context.new_page()
    add_authenticator(context, page)
    sign_in(page, user.email, PASSWORD)
    expect(page.get_by_label(f"Account of {user.full_name}")).to_be_visible()
    page.goto("/account/passkeys/add/")
    give(page, "Password", PASSWORD, "Go on")
    give(page, "Name", "Laptop", "Add")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/account/passkeys/")
    expect(page.get_by_role("row", name=re.compile("Laptop yes"))).to_be_visible()

    sign_out(page)
    page.goto(LOGIN)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_label(f"Account of {user.full_name}")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_of_strangers_scrolls_sideways(context, link, width):
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    for address in ("/account/login/", "/account/signup/", "/account/password/reset/", "/account/email/sent/", link):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_what_one_has_is_cards_on_a_phone(page, curator):
    for name in ("Laptop of the office", "Key on the ring"):
        Authenticator.objects.create(user=curator, type="webauthn", data={"name": name, "credential": {}})
    ApiKeyFactory(user=curator, name="nightly import", networks=["192.0.2.0/24", "2001:db8::/32"])
    start_family(user=curator, name="nightly sync", address="2001:db8:85a3::8a2e:370:7334")
    prove_again(page)
    page.set_viewport_size({"width": 360, "height": 800})
    for address, shown in (
        ("/account/sessions/", "Last seen"),
        ("/account/passkeys/", "Signs in alone"),
        ("/account/keys/", "Good until"),
    ):
        page.goto(address)
        expect(page.locator(f'td[data-label="{shown}"]').first).to_be_visible()
        assert page.evaluate(SCROLLING) == [], address
        assert_accessible(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_members_fit(page, link, curator, width):
    curator.role = Role.ADMIN
    curator.save()
    page.set_viewport_size({"width": width, "height": 800})
    for address in ("/account/members/", f"/account/members/{curator.pk}/", "/account/members/invitations/"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    expect(page.get_by_text(EMAIL)).to_be_visible()
