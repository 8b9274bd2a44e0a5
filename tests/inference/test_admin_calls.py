"""Calls in the back office: what they cost and how they went, never what was asked."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.inference.models import Call, CallText
from apps.users.models import User
from apps.users.roles import Role
from tests.inference.factories import AliasFactory, ModelFactory
from tests.users.factories import ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

CALLS = "/admin/inference/call/"


@pytest.fixture(autouse=True)
def curator(client: Client) -> User:
    user = UserFactory(role=Role.CURATOR)
    client.force_login(user)
    return user


def make_call(**fields: Any) -> Call:
    usual = {"at": timezone.now(), "operation": "chat", "target": "cheap", "model": "small", "outcome": "ok", "ms": 12}
    return Call.objects.create(**{**usual, **fields})


def rows(response: Any) -> list[Any]:
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def test_list_costs_as_many_queries_for_many_as_for_one(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (1, 20):
        for _ in range(number):
            make_call(user=UserFactory(), key=ApiKeyFactory())
        client.get(CALLS)
        with django_assert_num_queries(5):  # user, models and aliases to filter by, count, rows with who asked
            assert rows(client.get(CALLS))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("model=other", ["b"]),
        ("target=sql", ["c"]),
        ("outcome=timeout", ["b"]),
        ("cache=exact", ["c"]),
        ("cache=none", ["a", "b"]),
        ("operation__exact=embedding", ["b"]),
        ("q=c", ["c"]),
        ("q=somebody@example.com", ["a"]),
        ("q=some", []),
    ],
)
def test_filters_and_search(client: Client, query: str, found: list[str]) -> None:
    ModelFactory(name="other")
    AliasFactory(name="sql")
    make_call(trace_id="a", user=UserFactory(email="somebody@example.com"))
    make_call(trace_id="b", model="other", outcome="timeout", operation="embedding")
    make_call(trace_id="c", target="sql", cache="exact")
    assert sorted(call.trace_id for call in rows(client.get(f"{CALLS}?{query}"))) == found


@pytest.mark.parametrize("name", ["model", "target", "outcome", "cache"])
def test_a_filter_by_what_no_name_can_be_finds_nothing(client: Client, name: str) -> None:
    AliasFactory(name="sql", models=[ModelFactory(name="other")])
    make_call()
    assert rows(client.get(f"{CALLS}?{name}=%00")) == []


def test_by_time(client: Client) -> None:
    old = make_call(at=timezone.now() - timedelta(days=40))
    new = make_call()
    since = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%d")
    assert rows(client.get(f"{CALLS}?at_from_0={since}&at_from_1=00:00:00")) == [new]
    assert rows(client.get(f"{CALLS}?at_to_0={since}&at_to_1=00:00:00")) == [old]


def test_by_person_only_for_who_may_look_people_up(client: Client) -> None:
    mine = make_call(user=UserFactory())
    make_call(user=UserFactory())
    assert "By user" not in client.get(CALLS).content.decode()
    client.force_login(UserFactory(role=Role.ADMIN))
    assert rows(client.get(f"{CALLS}?user__id__exact={mine.user_id}")) == [mine]


def test_a_call_shows_what_was_tried_and_not_what_was_asked(client: Client, curator: User) -> None:
    attempts = [
        {"model": "first", "provider": "p", "outcome": "rate_limit", "ms": 3.5, "cost": 0},
        {"model": "second", "provider": "p", "outcome": "ok", "ms": 120.25, "cost": 0.00125},
    ]
    call = make_call(user=curator, attempts=attempts, prompt_tokens=1200, tokens_estimated=True, cost="0.00125")
    CallText.objects.create(call=call, question="the secret plan", answer="no", keep_until=timezone.now())
    page = client.get(f"{CALLS}{call.pk}/change/").content.decode()
    assert all(text in page for text in ("first", "rate_limit", "second", "120.3", "0.00125", "~1,200 / ~0"))
    assert "the secret plan" not in page


def test_nobody_changes_them(client: Client) -> None:
    client.force_login(UserFactory(role=Role.ADMIN))
    call = make_call()
    for address in (f"{CALLS}add/", f"{CALLS}{call.pk}/delete/"):
        assert client.get(address).status_code == 403
    assert client.post(f"{CALLS}{call.pk}/change/", {"outcome": "x"}).status_code == 403
