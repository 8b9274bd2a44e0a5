"""No route without a row, no row without a route, and no right that no table names."""

import pytest

from apps.users.access.deciding import permission_of
from apps.users.access.routes import walk_routes
from apps.users.access.rules import Rule, Surface, Who
from apps.users.access.table import ROUTES, find_rule
from apps.users.roles import RIGHTS
from apps.users.scopes import SCOPES

pytestmark = [pytest.mark.unit, pytest.mark.critical]

WEB, GATEWAY = "config.urls", "config.gateway_urls"
PERMISSIONS = {permission for right in RIGHTS for permission in right.permissions}


@pytest.mark.parametrize("process", [WEB, GATEWAY])
def test_every_route_has_a_row(process: str) -> None:
    assert [route for route in walk_routes(process) if find_rule(route.name) is None] == []


def test_every_row_has_a_route() -> None:
    routes = {route.name for process in (WEB, GATEWAY) for route in walk_routes(process)}
    assert set(ROUTES) - routes == set()


def test_no_two_routes_of_a_process_share_a_row_but_those_without_a_name() -> None:
    names = [route.name for route in walk_routes(WEB) if not route.name.startswith("admin:django.")]
    assert [name for name in set(names) if names.count(name) > 1] == []


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_what_a_row_asks_for_is_known(name: str) -> None:
    rule: Rule = ROUTES[name]
    known = set(SCOPES) if rule.surface is Surface.API else PERMISSIONS
    assert rule.needs
    assert {need for need in rule.needs.values() if not isinstance(need, Who)} <= known


def test_addresses_of_the_api_are_asked_for_scopes_and_no_others() -> None:
    api = {route.name for route in walk_routes(WEB) if route.pattern.startswith("api/")}
    assert {name for name, rule in ROUTES.items() if rule.surface is Surface.API} == api


def test_each_scope_stands_for_a_permission_of_the_table() -> None:
    assert {scope.permission for scope in SCOPES.values()} <= PERMISSIONS


def test_who_may_only_look_changes_nothing() -> None:
    """The back office's lists take the choice of an action, each of which asks for more by itself."""
    for name, rule in ROUTES.items():
        for method, need in rule.needs.items():
            if method != "GET" and not isinstance(need, Who) and not name.endswith("_changelist"):
                assert ".view_" not in permission_of(need), (name, method)
