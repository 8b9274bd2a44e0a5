"""Every page that is in the access table, as axe sees it in both themes, on a desk and on a phone."""

from pathlib import Path

import pytest
from django.conf import settings as configured
from playwright.sync_api import BrowserContext, Page
from pytest_django import Settings

from apps.core.targets.registry import _targets, register_target
from apps.users.access.routes import walk_routes
from apps.users.access.rules import Surface, Who
from apps.users.access.table import ROUTES
from apps.users.models import User
from apps.users.roles import Role
from tests.e2e.axe import WIDTHS, walk_violations
from tests.evaluations import targets
from tests.users.access.world import World, make_world

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PARTS = 4
API_DOCS = "/api/v1/docs/"
OF_OTHERS = {
    ("nested-interactive", "opblock-summary-control"): "Swagger UI has a link to each operation within its button.",
}
"""What neither our styles nor our templates reach: the rule, a part of the element, and why."""
NEEDS_A_REAL_PASSKEY = ("mfa_add_webauthn",)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path, transactional_db: None) -> World:
    """Something of everything, so that each address leads somewhere."""
    monkeypatch.setattr("apps.core.targets.registry._targets", dict(_targets))
    register_target(targets.NAME, targets.PATH)
    return make_world()


def find_pages(context: BrowserContext, world: World, owner: User, *, public: bool) -> list[str]:
    """Addresses of our own that answer with a whole page: no part of one, no file, and no way to another."""
    found = []
    for route in walk_routes():
        rule = ROUTES.get(route.name)
        need = rule.need_of("GET") if rule else None
        if rule is None or need is None or rule.surface is Surface.API or route.name.startswith("admin:"):
            continue
        if (need == Who.PUBLIC) is public:
            address = world.find_address(route, owner)
            response = context.request.get(address, max_redirects=0)
            assert response.status < 500 or route.name in NEEDS_A_REAL_PASSKEY, address
            if response.ok and b"<html" in response.body() and "content-disposition" not in response.headers:
                found.append(address)
    return found


def find_admin_pages(context: BrowserContext, world: World, owner: User) -> list[str]:
    """The back office's first page, and each model's list, form of a new one and form of one."""
    kinds = ("index", "_changelist", "_add", "_change")
    routes = [route for route in walk_routes() if route.name.startswith("admin:") and route.name.endswith(kinds)]
    addresses = [world.find_address(route, owner) for route in routes if route.name != "admin:password_change"]
    return [address for address in [*addresses, API_DOCS] if context.request.get(address, max_redirects=0).ok]


def is_of_others(violation: str) -> bool:
    return any(violation.partition(": ")[2].startswith(f"{rule}: ") and part in violation for rule, part in OF_OTHERS)


def assert_all_accessible(page: Page, addresses: list[str]) -> None:
    assert [violation for address in addresses for violation in walk_violations(page, address)] == []


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_of_who_is_signed_in(context, world, live_server, part):
    admin = world.askers.find(Role.ADMIN)
    context.add_cookies([{"name": configured.SESSION_COOKIE_NAME, "value": admin.cookie, "url": live_server.url}])
    addresses = find_pages(context, world, admin.user, public=False)
    assert len(addresses) > 25
    assert_all_accessible(context.new_page(), addresses[part::PARTS])


@pytest.mark.parametrize("part", range(PARTS))
def test_the_back_office(context, world, live_server, part):
    admin = world.askers.find(Role.ADMIN)
    context.add_cookies([{"name": configured.SESSION_COOKIE_NAME, "value": admin.cookie, "url": live_server.url}])
    addresses = find_admin_pages(context, world, admin.user)
    assert "/admin/functions/function/add/" in addresses
    assert len(addresses) > 30
    page = context.new_page()
    found = [
        violation
        for address in addresses[part::PARTS]
        for violation in walk_violations(page, address, WIDTHS[:1] if address.endswith("/add/") else WIDTHS)
    ]
    assert [violation for violation in found if not is_of_others(violation)] == []


def test_every_page_of_strangers(context, world, console):
    addresses = find_pages(context, world, world.askers.find(Role.ADMIN).user, public=True)
    assert "/account/login/" in addresses
    assert_all_accessible(context.new_page(), [*addresses, "/there/is/nothing/here/"])
    console.expect("404")
