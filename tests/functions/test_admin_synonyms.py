import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.functions.models import SynonymGroup
from apps.functions.services.synonyms import save_group
from apps.users.models import User
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

GROUPS = "/admin/functions/synonymgroup/"


@pytest.fixture(autouse=True)
def curator(client: Client) -> User:
    SynonymGroup.objects.all().delete()
    user = UserFactory(role=Role.CURATOR)
    client.force_login(user)
    return user


def make(*words: str, **data: Any) -> SynonymGroup:
    return save_group(group=None, words=words, user_id=None, **data)


def shown(client: Client, query: str = "") -> list[str]:
    response = client.get(f"{GROUPS}?{query}")
    assert response.status_code == 200
    return [str(group) for group in response.context["cl"].result_list]


def toggle(client: Client, group: SynonymGroup, **fields: str) -> Any:
    rows = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": group.pk, "_save": "Save", **fields}
    return client.post(GROUPS, rows, follow=True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["arrange, order", "compress, zip"]),
        ("q=ORDER", ["arrange, order"]),
        ("q=archives", ["compress, zip"]),
        ("enabled__exact=0", ["compress, zip"]),
        ("q=nothing", []),
    ],
)
def test_list_filters_and_search(client: Client, query: str, found: list[str]) -> None:
    make("compress", "zip", note="About archives.", enabled=False)
    make("arrange", "order")
    assert shown(client, query) == found


def test_costs_as_many_queries_for_many_as_for_one(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for word in ("order", "sort", "group", "queue"):
        make("arrange", word)
        client.get(GROUPS)
        with django_assert_num_queries(3):  # user, count, rows with who changed them
            client.get(GROUPS)


@pytest.mark.parametrize("typed", ["Arrange\r\norder\r\n", "arrange, order,arrange"])
def test_a_group_is_made(client: Client, curator: User, typed: str) -> None:
    client.post(f"{GROUPS}add/", {"words": typed, "enabled": "on", "note": "asked for"})
    group = SynonymGroup.objects.get()
    assert (group.words, group.enabled, group.note) == (["arrange", "order"], True, "asked for")
    assert group.changed_by == curator


def test_a_group_is_changed_and_its_history_says_by_whom(client: Client, curator: User) -> None:
    group = make("arrange", "order")
    address = f"{GROUPS}{group.pk}/change/"
    assert "arrange\norder" in client.get(address).content.decode()
    client.post(address, {"words": "arrange\nsort", "enabled": "on"})
    group.refresh_from_db()
    assert (group.words, group.changed_by) == (["arrange", "sort"], curator)
    assert client.get(f"{GROUPS}{group.pk}/history/").status_code == 200
    assert LogEntry.objects.get().user_id == curator.pk


@pytest.mark.parametrize("typed", ["", "arrange", "arrange, put in order", "arrange, to", "sort, sorted", "a\0b, c"])
def test_what_is_no_group_is_refused_beside_its_field(client: Client, typed: str) -> None:
    group = make("arrange", "order")
    response = client.post(f"{GROUPS}{group.pk}/change/", {"words": typed, "enabled": "on"})
    assert list(response.context["adminform"].form.errors) == ["words"]
    group.refresh_from_db()
    assert group.words == ["arrange", "order"]


def test_the_lists_switches_have_a_name(client: Client) -> None:
    make("arrange", "order")
    page = client.get(GROUPS).content.decode()
    [switch] = re.findall(r'<input[^>]*name="form-0-enabled"[^>]*>', page)
    assert 'aria-label="Enabled"' in switch


def test_the_list_switches_groups_off_and_on(client: Client, curator: User) -> None:
    group = make("arrange", "order")
    toggle(client, group)
    group.refresh_from_db()
    assert (group.enabled, group.changed_by, group.words) == (False, curator, ["arrange", "order"])
    toggle(client, group, **{"form-0-enabled": "on"})
    group.refresh_from_db()
    assert group.enabled


def test_groups_are_removed_one_by_one_and_together(client: Client) -> None:
    one, two, three = make("arrange", "order"), make("sort", "order"), make("zip", "compress")
    client.post(f"{GROUPS}{one.pk}/delete/", {"post": "yes"})
    data = {"action": "delete_selected", "_selected_action": [two.pk], "post": "yes"}
    client.post(GROUPS, data)
    assert list(SynonymGroup.objects.all()) == [three]


def test_only_curators_get_in(client: Client) -> None:
    client.force_login(UserFactory(role=Role.VIEWER))
    assert client.get(GROUPS).status_code == 403
