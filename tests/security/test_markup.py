"""No page has scripts or styles within it, which the policy of contents would keep from working."""

import re

import pytest

from apps.users.access.rules import Surface
from apps.users.access.table import ROUTES
from apps.users.roles import Role
from tests.users.access.test_matrix import find_routes
from tests.users.access.world import World

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.critical, pytest.mark.slow]

INLINE = [
    re.compile(r"<style\b"),
    re.compile(r"<[a-z][^<>]*\sstyle\s*=\s*[\"']"),
    re.compile(r"<[a-z][^<>]*\son[a-z]+\s*=\s*[\"']"),
    re.compile(r"<script\b(?![^>]*\ssrc=)(?![^>]*\stype=\"application/json\")"),
    re.compile(r"(?:href|src|action)\s*=\s*[\"']\s*javascript:"),
]


@pytest.mark.parametrize("surface", [Surface.PAGE, Surface.BACK_OFFICE])
def test_none_is_inline(rendered_world: World, surface: Surface) -> None:
    world = rendered_world
    admin, found, pages = world.askers.find(Role.ADMIN), [], 0
    for route in find_routes(surface):
        if ROUTES[route.name].need_of("GET") is None:
            continue
        for asker in (admin, world.askers.nobody):
            address, response = world.ask("GET", route, asker, owner=admin.user)
            if not response.get("Content-Type", "").startswith("text/html"):
                continue
            markup = response.content.decode()
            pages += "<body" in markup
            found += [f"{address}: {match[0][:200]}" for kind in INLINE for match in kind.finditer(markup)]
    assert found == [], "\n".join(found)
    assert pages > 20
