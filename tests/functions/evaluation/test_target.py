"""Answers that feedback is about: whose question it was says whether there is one."""

import pytest

from apps.functions.evaluation.target import SearchTarget
from apps.functions.models import Function
from apps.functions.services.searching import search_functions
from apps.users.models import User
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def asker() -> User:
    return UserFactory(role=Role.VIEWER)


@pytest.fixture
def trace_id(catalogue: dict[str, Function], asker: User) -> str:
    return search_functions(query="sort_list", language="python", user_id=asker.pk).trace_id


def test_whoever_asked_finds_it(trace_id: str, asker: User) -> None:
    answer = SearchTarget().find_answer(trace_id, user=asker)
    assert answer is not None
    assert (answer["query"], answer["filters"]) == ("sort_list", {"language": "python"})
    assert [one["title"] for one in answer["got"]][:1] == ["sort_list"]
    assert set(answer["trace"]) == {"tier", "answered", "confidence", "steps"}


@pytest.mark.parametrize(("role", "may"), [(role, role == Role.ADMIN) for role in Role])
def test_others_do_not_but_admins(trace_id: str, role: Role, may: bool) -> None:
    answer = SearchTarget().find_answer(trace_id, user=UserFactory(role=role))
    assert (answer is not None) is may


def test_nobody_finds_what_is_forgotten_and_no_one_is_nobody(trace_id: str, asker: User) -> None:
    assert SearchTarget().find_answer("0" * 32, user=asker) is None
    assert SearchTarget().find_answer(trace_id, user=None) is None
