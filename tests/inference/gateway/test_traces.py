"""Traces of the gateway's answers, over the API."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from apps.inference.exchange import Attempt, Caller, Exchange, Operation, Reply, Usage
from apps.inference.gateway.traces import keep_trace
from apps.inference.ladder import Answer, Climb, Step
from apps.users.models import User
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

SECRET = "what nobody else may read"


def keep(user: User, trace_id: str) -> None:
    body = {"messages": [{"role": "user", "content": SECRET}]}
    exchange = Exchange(Operation.CHAT, "auto", body, Caller(user.pk, None, trace_id), 0.0)
    attempts = (Attempt("small-one", "there", "ok", 12.5, Decimal("0.5")),)
    reply = Reply({"choices": [SECRET]}, "small-one", "there", "small", Usage(3, 4), Decimal("0.5"), attempts)
    steps = (Step("cache", "abstained", 0.1), Step("small:small-one", "answered", 12.5, 1.0, 0.5))
    keep_trace(exchange, reply, Climb(Answer(reply, 1.0), "small:small-one", True, steps))


@pytest.fixture
def user() -> User:
    return UserFactory(role=Role.CURATOR.value)


def read(user: User, trace_id: str) -> tuple[int, dict[str, object], bytes]:
    client = APIClient()
    client.force_login(user)
    response = client.get(f"/api/v1/inference/traces/{trace_id}/")
    return response.status_code, response.json(), response.content


def test_its_owner_reads_how_it_went_and_not_what_was_said(user: User) -> None:
    keep(user, "a" * 32)
    status, trace, content = read(user, "a" * 32)
    assert status == 200
    assert (trace["target"], trace["model"], trace["tier"], trace["cost"]) == ("auto", "small-one", "small", 0.5)
    assert trace["tokens"] == {"prompt": 3, "completion": 4}
    assert [step["tier"] for step in trace["steps"]] == ["cache", "small:small-one"]
    assert trace["attempts"][0]["outcome"] == "ok"
    assert "user_id" not in trace
    assert SECRET.encode() not in content


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CURATOR, Role.ADMIN])
def test_nobody_else_does(user: User, role: Role) -> None:
    keep(user, "b" * 32)
    other = UserFactory(role=role.value)
    assert read(other, "b" * 32)[0] == 404


def test_there_is_none_of_an_answer_that_there_was_not(user: User) -> None:
    assert read(user, "c" * 32)[0] == 404
