"""Nothing that a link says leads a browser to another site."""

from collections.abc import Iterator
from itertools import product
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from apps.users.access.rules import Surface
from apps.users.access.table import ROUTES
from apps.users.roles import Role
from tests.users.access.test_matrix import find_routes
from tests.users.access.world import World
from tests.users.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.critical]

HOSTILE = [
    "https://evil.example/", "//evil.example/", "///evil.example/", "http:///evil.example/", "https:evil.example",
    "/\\evil.example/", "\\\\evil.example/", "/\t/evil.example/", " //evil.example/", "javascript:alert(1)",
    "https://testserver@evil.example/", "https://testserver.evil.example/", "/%09/evil.example", "data:text/html,x",
]  # fmt: skip
NAMES = ("next", "path", "url", "return_to", "return", "back", "redirect", "continue", "query", "address", "page")


def leads_away(location: str) -> bool:
    """As a browser reads it: blanks around it and tabs within are dropped, backslashes are slashes."""
    read = "".join(sign for sign in location.strip() if sign not in "\t\r\n").replace("\\", "/")
    parts = urlsplit(read)
    return (
        parts.scheme not in ("", "http", "https")
        or (parts.hostname or "testserver") != "testserver"
        or (bool(parts.scheme) and not parts.hostname)
    )


@pytest.mark.parametrize("hostile", HOSTILE)
def test_signing_in_stays_on_the_site(hostile: str) -> None:
    user = UserFactory(role=Role.VIEWER)
    for address in (reverse("account_login"), f"{reverse('account_login')}?{urlencode({'next': hostile})}"):
        response = Client().post(address, {"login": user.email, "password": PASSWORD, "next": hostile})
        assert response.status_code == 302, response.content
        assert not leads_away(response["Location"])
    client = Client()
    client.force_login(user)
    for response in (
        client.get(reverse("account_login"), {"next": hostile}),
        client.post(f"{reverse('account_logout')}?{urlencode({'next': hostile})}", {"next": hostile}),
    ):
        assert not leads_away(response.get("Location", ""))


@pytest.mark.parametrize("prefix", ["//evil.example/%2e%2e", "/\\evil.example", "//evil.example/account/login/"])
def test_a_path_that_looks_like_a_host_is_none(client: Client, prefix: str) -> None:
    for path in (prefix, f"{prefix}/functions"):
        response = client.get(path)
        assert not leads_away(response.get("Location", ""))


@pytest.mark.slow(seconds=5)
@pytest.mark.parametrize("surface", [Surface.PAGE, Surface.BACK_OFFICE])
def test_no_page_redirects_where_a_link_says(world: World, surface: Surface) -> None:
    admin, away = world.askers.find(Role.ADMIN), []
    for route in find_routes(surface):
        for asker, method in product((admin, world.askers.nobody), ("GET", "POST")):
            if ROUTES[route.name].need_of(method) is None:
                continue
            world.client.cookies.clear()
            if asker.cookie:
                world.client.cookies["sessionid"] = asker.cookie
            address = world.find_address(route, admin.user)
            away += [f"{method} {address}: {led}" for led in follow(world.client, method, address) if leads_away(led)]
    assert away == []


def follow(client: Client, method: str, address: str) -> Iterator[str]:
    """Where it leads, told hostile addresses one after another; one is enough where it leads nowhere."""
    for hostile in ("//evil.example/", "https://evil.example/"):
        told = urlencode(dict.fromkeys(NAMES, hostile))
        asked = f"{address}{'&' if '?' in address else '?'}{told}"
        response = client.generic(method, asked, told, "application/x-www-form-urlencoded")
        led = [response[name] for name in ("Location", "HX-Redirect") if name in response]
        if not led:
            return
        yield from led
