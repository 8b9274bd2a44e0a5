import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.core.navigation import GROUPS, build_navigation
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def titles(role: Role, path: str = "/admin/") -> dict[str, bool]:
    """The lines that the role sees, and which of them is the page's."""
    request = RequestFactory().get(path)
    request.user = UserFactory(role=role)
    return {item["title"]: item["active"] for group in build_navigation(request) for item in group["items"]}


def test_a_curator_sees_the_catalogue_and_not_the_people() -> None:
    shown = titles(Role.CURATOR)
    assert {"Functions", "Import", "Try a search", "Search index", "Background jobs"} <= set(shown)
    assert not {"Users", "API keys", "Schedules"} & set(shown)


def test_an_admin_sees_everything() -> None:
    assert set(titles(Role.ADMIN)) == {item.title for _, items in GROUPS for item in items}


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("admin:index", "Overview"),
        ("admin:functions_function_changelist", "Functions"),
        ("admin:functions_function_add", "Functions"),
        ("admin:functions_function_try", "Try a search"),
        ("admin:functions_function_index", "Search index"),
        ("admin:core_job_changelist", "Background jobs"),
    ],
)
def test_one_line_at_most_is_the_pages(page: str, title: str) -> None:
    assert [name for name, active in titles(Role.ADMIN, reverse(page)).items() if active] == [title]


def test_a_page_that_has_no_line() -> None:
    assert not any(titles(Role.ADMIN, "/admin/password_change/").values())


def test_every_line_leads_to_a_page(client: Client) -> None:
    client.force_login(UserFactory(role=Role.ADMIN))
    for _, items in GROUPS:
        for item in items:
            assert client.get(reverse(item.url)).status_code == 200, item.title
