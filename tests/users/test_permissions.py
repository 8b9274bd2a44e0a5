from typing import Any

import pytest
from django.urls import ResolverMatch
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from apps.users import permissions
from apps.users.access.rules import Who, api
from apps.users.jwt.models import TokenFamily
from apps.users.models import User
from apps.users.roles import PEOPLE, Role
from apps.users.scopes import FUNCTIONS_IMPORT, FUNCTIONS_READ, FUNCTIONS_WRITE
from tests.users.factories import ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class Things(ViewSet):
    """As the functions API is: rows name scopes by method."""

    def list(self, request: Request) -> Response:
        return Response("listed")

    def create(self, request: Request) -> Response:
        return Response("made")

    def load(self, request: Request) -> Response:
        return Response("loaded")


class OwnThings(APIView):
    def get(self, request: Request) -> Response:
        return Response("for people")


class Forgetful(APIView):
    def get(self, request: Request) -> Response:
        return Response("for any key")

    def post(self, request: Request) -> Response:
        return Response("undeclared")


things = Things.as_view({"get": "list", "post": "create"})
load = Things.as_view({"post": "load"})
own, forgetful = OwnThings.as_view(), Forgetful.as_view()
ROWS = {
    things: api(GET=FUNCTIONS_READ, POST=FUNCTIONS_WRITE),
    load: api(POST=FUNCTIONS_IMPORT),
    own: api(GET=Who.OWN),
    forgetful: api(GET=Who.ANY_KEY),
}


@pytest.fixture(autouse=True)
def rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "find_rule", {f"route-{id(view)}": rule for view, rule in ROWS.items()}.get)


def send(view: Any, method: str, user: User | None, auth: object = None) -> Response:
    request = getattr(APIRequestFactory(), method)("/")
    request.resolver_match = ResolverMatch(view, (), {}, url_name=f"route-{id(view)}")
    if user is not None:
        force_authenticate(request, user, auth)
    response: Response = view(request)
    return response.render() if hasattr(response, "render") else response


def send_key(view: Any, method: str, role: Role, *scopes: str) -> Response:
    key = ApiKeyFactory(user__role=role, scopes=list(scopes))
    return send(view, method, key.user, key)


def problem(response: Response) -> tuple[int, str]:
    return response.status_code, response.data["code"]


@pytest.mark.parametrize("view", [things, own, forgetful])
def test_nobody_gets_in_unsigned(view: Any) -> None:
    response = send(view, "get", None)
    assert problem(response) == (401, "not_authenticated")
    assert response.has_header("WWW-Authenticate")


@pytest.mark.parametrize(
    ("view", "method", "allowed"),
    [
        (things, "get", PEOPLE),
        (things, "head", PEOPLE),
        (things, "options", PEOPLE),
        (things, "post", {Role.CURATOR, Role.ADMIN}),
        (load, "post", {Role.CURATOR, Role.ADMIN}),
        (own, "get", PEOPLE),
    ],
)
def test_people_are_let_in_by_role(view: Any, method: str, allowed: set[Role]) -> None:
    statuses = {role: send(view, method, UserFactory(role=role)).status_code for role in Role}
    assert statuses == {role: 200 if role in allowed else 403 for role in Role}


def test_a_role_that_is_too_small_is_named() -> None:
    response = send(things, "post", UserFactory(role=Role.VIEWER))
    assert problem(response) == (403, "role_not_allowed")
    assert response.data["detail"] == "The role viewer does not allow functions:write."


def test_keys_are_let_in_by_scope() -> None:
    assert send_key(things, "get", Role.ADMIN, FUNCTIONS_READ).status_code == 200
    assert send_key(things, "post", Role.ADMIN, FUNCTIONS_WRITE).status_code == 200
    assert send_key(load, "post", Role.ADMIN, FUNCTIONS_IMPORT).status_code == 200


@pytest.mark.parametrize(
    ("view", "method", "scopes", "missing"),
    [
        (things, "get", [FUNCTIONS_WRITE, FUNCTIONS_IMPORT], FUNCTIONS_READ),
        (things, "options", [FUNCTIONS_WRITE], FUNCTIONS_READ),
        (things, "post", [FUNCTIONS_READ, FUNCTIONS_IMPORT], FUNCTIONS_WRITE),
        (load, "post", [FUNCTIONS_READ, FUNCTIONS_WRITE], FUNCTIONS_IMPORT),
        (things, "post", [], FUNCTIONS_WRITE),
        (things, "post", ["*", "functions:*", "FUNCTIONS:WRITE"], FUNCTIONS_WRITE),
    ],
)
def test_the_missing_scope_is_named(view: Any, method: str, scopes: list[str], missing: str) -> None:
    response = send_key(view, method, Role.ADMIN, *scopes)
    assert problem(response) == (403, "missing_scope")
    assert response.data["detail"] == f"The API key lacks the scope {missing}."


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SERVICE])
def test_a_key_does_no_more_than_its_owner_may_now(role: Role) -> None:
    response = send_key(things, "post", role, FUNCTIONS_READ, FUNCTIONS_WRITE)
    assert problem(response) == (403, "role_not_allowed")


def test_a_token_does_what_its_owner_may() -> None:
    family = TokenFamily()
    assert send(things, "get", UserFactory(role=Role.SERVICE), family).status_code == 200
    assert problem(send(things, "post", UserFactory(role=Role.SERVICE), family)) == (403, "role_not_allowed")


def test_what_is_for_people_refuses_keys_and_tokens() -> None:
    assert problem(send_key(own, "get", Role.ADMIN, FUNCTIONS_READ)) == (403, "key_not_allowed")
    assert problem(send(own, "get", UserFactory(role=Role.ADMIN), TokenFamily())) == (403, "key_not_allowed")


def test_any_key_will_do_where_the_row_says_so() -> None:
    assert send_key(forgetful, "get", Role.VIEWER).status_code == 200


def test_a_route_without_a_row_is_refused_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "find_rule", {}.get)
    assert problem(send(things, "get", UserFactory(role=Role.ADMIN))) == (403, "permission_denied")
    assert send_key(things, "get", Role.ADMIN, FUNCTIONS_READ).status_code == 403


def test_a_method_left_out_is_refused_to_all() -> None:
    assert problem(send(forgetful, "post", UserFactory(role=Role.ADMIN))) == (403, "permission_denied")
    assert send_key(forgetful, "post", Role.ADMIN, FUNCTIONS_WRITE).status_code == 403


def test_a_method_that_is_not_there_is_not_allowed_rather_than_forbidden() -> None:
    assert problem(send(things, "delete", UserFactory())) == (405, "method_not_allowed")
    assert problem(send_key(things, "delete", Role.ADMIN, FUNCTIONS_READ)) == (405, "method_not_allowed")
