"""Every unsafe request that a browser could be made to send needs the token of one of our pages."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from pytest_django import Settings

from apps.users.access.rules import Surface, Who
from apps.users.access.table import ROUTES
from apps.users.roles import Role
from tests.users.access.test_matrix import find_routes
from tests.users.access.world import World

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.critical, pytest.mark.slow]

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# Whoever asks these proves who they are with what is in the body, and no cookie counts.
BY_THEIR_BODY = {"api:token", "api:token-refresh", "api:token-revoke"}


def say_so(request: HttpRequest, reason: str = "") -> HttpResponse:
    return HttpResponse(b"CSRF Failed", status=403)


@pytest.fixture
def strict(world: World, settings: Settings) -> World:
    settings.CSRF_FAILURE_VIEW = f"{__name__}.say_so"
    world.client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    return world


@pytest.mark.parametrize("surface", Surface)
def test_none_is_taken_without_the_token(strict: World, surface: Surface) -> None:
    admin, taken = strict.askers.find(Role.ADMIN), []
    for route in find_routes(surface):
        rule = ROUTES[route.name]
        for method in (method for method in UNSAFE if rule.need_of(method) is not None):
            if route.name in BY_THEIR_BODY:
                continue
            askers = [admin, *([strict.askers.nobody] if rule.need_of(method) == Who.PUBLIC else [])]
            for asker in askers:
                address, response = strict.ask(method, route, asker, owner=admin.user)
                if response.status_code != 403 or b"CSRF Failed" not in response.content:
                    taken.append(f"{method} {address} as {asker.name}: {response.status_code}")
    assert taken == [], "\n".join(taken)
