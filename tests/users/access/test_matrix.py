"""Every page and endpoint, by every method, as everybody: who is let in is who the table says, and nobody else."""

import logging
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from apps.core.targets.registry import _targets, register_target
from apps.functions import quick_search
from apps.users.access.routes import Route, walk_routes
from apps.users.access.rules import Rule, Surface, Who
from apps.users.access.table import ROUTES
from apps.users.jwt.tokens import AccessToken
from apps.users.roles import RIGHTS, SIGN_IN, USE_BACK_OFFICE, Role
from apps.users.scopes import FUNCTIONS_READ, SCOPES
from tests.evaluations import targets
from tests.users.access.askers import Asker, Kind
from tests.users.access.world import World, make_world

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.critical, pytest.mark.slow(seconds=20)]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LET_IN, REFUSED, NOT_ALLOWED, NOTHING, BROKEN = "let in", "refused", "not allowed", "nothing there", "broken"
EMPTY = (
    "api:trace",
    "api:inference-trace",
    "evaluations:feedback",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "admin:django.contrib.admin.sites.catch_all_view",
)
"""There is nothing at these, which only who may look is told."""
UNREADY = ("ready",)


@pytest.fixture
def rendered_world(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> World:
    """Made once for all requests of a test, since each is undone."""
    monkeypatch.setattr("apps.core.targets.registry._targets", dict(_targets))
    register_target(targets.NAME, targets.PATH)
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    for name in ("KEY", "USER", "ADDRESS", "SIGN_INS"):
        setattr(settings, f"LIMIT_{name}_PER_MINUTE", 1_000_000)
    settings.UPLOADS_DIR = settings.INDEX_DIR = tmp_path
    monkeypatch.setattr(AccessToken, "lifetime", timedelta(days=1))  # longer than any test takes
    return make_world()


@pytest.fixture
def world(rendered_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """What pages look like is tested with them, and would take most of the time here."""
    monkeypatch.setattr("django.template.backends.django.Template.render", lambda *given, **named: "")
    monkeypatch.setattr("unfold.sites.UnfoldAdminSite.each_context", lambda site, request: {})
    return rendered_world


def find_routes(surface: Surface) -> list[Route]:
    return [route for route in walk_routes() if route.name in ROUTES and ROUTES[route.name].surface is surface]


def role_has(role: str, permission: str) -> bool:
    return any(permission in right.permissions and role in right.roles for right in RIGHTS)


def should_be_let_in(asker: Asker, rule: Rule, need: str) -> bool:
    """By the tables alone, and by none of the code that asks them."""
    if need in (Who.PUBLIC, Who.NOBODY):
        return need == Who.PUBLIC
    if asker.kind is Kind.SESSION:
        permission = SCOPES[need].permission if need in SCOPES else need
        everybody = need in (Who.SIGNED_IN, Who.OWN, Who.ANY_KEY)
        if not role_has(asker.role, USE_BACK_OFFICE) and rule.surface is Surface.BACK_OFFICE:
            return False
        return role_has(asker.role, SIGN_IN) and (everybody or role_has(asker.role, permission))
    if rule.surface is not Surface.API or asker.kind in (Kind.NOBODY, Kind.DEAD):
        return False
    if need in SCOPES:
        carried = asker.kind is Kind.TOKEN or need in asker.scopes
        return carried and role_has(asker.role, SCOPES[need].permission)
    return need == Who.ANY_KEY


def judge(route: Route, need: str | None, response: HttpResponse) -> str:
    status = response.status_code
    sent_away = status == 302 and "/login/?next=" in response["Location"]
    if status in (401, 403) or (sent_away and need != Who.PUBLIC):
        return REFUSED
    if status == 404:
        return LET_IN if route.name in EMPTY or need == Who.PUBLIC else NOTHING
    if status == 405:
        return NOT_ALLOWED
    return BROKEN if status >= 500 and route.name not in UNREADY else LET_IN


def expect(world: World, rule: Rule, need: str | None) -> list[tuple[Asker, str]]:
    """Who is to ask, and what is to come of it."""
    if need is None:  # pages say so to strangers too, and sooner
        return [(world.askers.find(Role.ADMIN) if rule.surface is Surface.API else world.askers.nobody, NOT_ALLOWED)]
    if need in (Who.PUBLIC, Who.SCRAPER):  # the tests ask from this machine
        return [(world.askers.nobody, LET_IN)]
    askers = world.askers.on_api(need) if rule.surface is Surface.API else world.askers.on_pages()
    return [(asker, LET_IN if should_be_let_in(asker, rule, need) else REFUSED) for asker in askers]


def check(world: World, route: Route) -> list[str]:
    """What is otherwise than the route's row says."""
    rule, admin, wrong = ROUTES[route.name], world.askers.find(Role.ADMIN).user, []
    for method in METHODS:
        need = rule.need_of(method)
        for asker, expected in expect(world, rule, need):
            address, response = world.ask(method, route, asker, owner=asker.user or admin)
            if (found := judge(route, need, response)) != expected:
                status = response.status_code
                wrong.append(f"{method} {route.name} {address} as {asker.name}: {found} ({status}), not {expected}")
    return wrong


def test_pages(world: World) -> None:
    assert [line for route in find_routes(Surface.PAGE) for line in check(world, route)] == []


def test_api(world: World) -> None:
    assert [line for route in find_routes(Surface.API) for line in check(world, route)] == []


def test_back_office(world: World) -> None:
    assert [line for route in find_routes(Surface.BACK_OFFICE) for line in check(world, route)] == []


def test_what_is_somebody_elses_is_not_there(world: World) -> None:
    """Not even to an admin, who has the back office for that."""
    wrong = []
    for route in find_routes(Surface.PAGE) + find_routes(Surface.API):
        needs = ROUTES[route.name].needs if world.is_about_own(route) else {}
        for (method, need), asker in product(needs.items(), world.askers.people):
            if not should_be_let_in(asker, ROUTES[route.name], need):
                continue
            other = world.askers.find(Role.CURATOR if asker.role != Role.CURATOR else Role.ADMIN)
            _, response = world.ask(method, route, asker, owner=other.user)
            if response.status_code != 404:
                wrong.append(f"{method} {route.name} of {other.name} as {asker.name}: {response.status_code}")
    assert wrong == []


def test_the_short_way_answers_nobody_whom_the_view_would_not(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_search, "search_as_json", lambda **wanted: ("{}", lambda: None))
    rule, answered = ROUTES["api:function-search"], []
    for asker in world.askers.on_api(FUNCTIONS_READ):
        headers = {"Authorization": f"Bearer {asker.bearer}"} if asker.bearer else {}
        request = RequestFactory().get("/api/v1/functions/search/", {"q": "x"}, headers=headers)
        if quick_search.answer_quickly(request):
            answered.append(asker)
    bearers = [one for one in world.askers.on_api(FUNCTIONS_READ) if one.kind in (Kind.KEY, Kind.TOKEN)]
    assert answered == [one for one in bearers if should_be_let_in(one, rule, FUNCTIONS_READ)]
