import pytest
from django.test import Client
from django.urls import reverse

from apps.core.palette.places import GROUPS, MAIN, Link, list_links
from apps.users.access.opening import may_open
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def links(role: Role, view: str = "") -> dict[str, Link]:
    user = UserFactory(role=role)
    return {link.title: link for places in GROUPS.values() for link in list_links(places, user=user, view=view)}


class TestLinks:
    def test_a_viewer_sees_what_a_viewer_may_open(self):
        assert {"Search", "Sweeps", "API docs", "Profile"} <= set(links(Role.VIEWER))
        assert not {"Import", "Members", "Admin"} & set(links(Role.VIEWER))

    def test_an_admin_sees_everything(self):
        assert set(links(Role.ADMIN)) == {place.title for places in GROUPS.values() for place in places}

    @pytest.mark.parametrize(
        ("view", "title", "current"),
        [
            ("functions:search", "Search", "page"),
            ("functions:detail", "Search", "true"),
            ("functions:revision", "Search", "true"),
            ("functions:import", "Import", "page"),
            ("functions:new", "Functions", "true"),
            ("evaluations:run", "Sweeps", "true"),
            ("core:job", "Jobs", "true"),
        ],
    )
    def test_one_link_is_where_one_is(self, view, title, current):
        marked = {link.title: link.current for link in links(Role.ADMIN, view).values() if link.current}
        assert marked == {title: current}

    def test_a_place_without_a_row_in_the_access_table_is_for_nobody(self):
        assert not may_open(UserFactory(role=Role.ADMIN), "no:such-route")

    def test_a_button_is_no_place(self):
        assert not may_open(UserFactory(role=Role.ADMIN), "functions:set_state")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CURATOR, Role.ADMIN])
def test_every_link_of_the_side_bar_opens(role):
    client = Client()
    client.force_login(UserFactory(role=role))
    page = client.get(reverse("core:design")).content.decode()
    for link in links(role).values():
        assert f'href="{link.href}"' in page
        assert client.get(link.href).status_code == 200, link


def test_the_page_that_is_open_is_marked():
    client = Client()
    client.force_login(UserFactory(role=Role.CURATOR))
    page = client.get(reverse("core:jobs")).content.decode()
    assert page.count('aria-current="page"') >= 1
    assert f'href="{reverse("core:jobs")}" title="Jobs" aria-current="page"' in page
    assert MAIN[0].title in page
