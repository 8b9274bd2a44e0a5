from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse
from pytest_django import Settings

from apps.users.access import middleware
from apps.users.access.rules import Who, acts, page, reads
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.critical]


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"done by {request.method}")


urlpatterns = [path(f"{name}/", answer, name=name) for name in ("open", "own", "button", "both", "closed", "forgotten")]
ROWS = {
    "open": reads(Who.PUBLIC),
    "own": reads(Who.OWN),
    "button": acts("functions.change_function"),
    "both": page(GET="functions.view_function", POST="functions.change_function"),
    "closed": reads(Who.NOBODY),
}


@pytest.fixture(autouse=True)
def rows(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    settings.LOGIN_URL = "/sign-in/"
    monkeypatch.setattr(middleware, "find_rule", ROWS.get)


@pytest.fixture
def sign_in(client: Client) -> Callable[[Role], Client]:
    def as_role(role: Role) -> Client:
        client.force_login(UserFactory(role=role))
        return client

    return as_role


def status(client: Client, method: str, name: str) -> int:
    response = getattr(client, method)(reverse(name), headers={"Accept": "application/json"})
    return int(response.status_code)


@pytest.mark.parametrize("role", [None, *Role])
def test_a_route_that_is_in_no_row_is_refused_to_all(
    client: Client, sign_in: Callable[[Role], Client], role: Role | None
) -> None:
    response = (sign_in(role) if role else client).get("/forgotten/", headers={"Accept": "application/json"})
    assert (response.status_code, response.json()["code"]) == (403, "no_access_rule")


@pytest.mark.parametrize("role", [None, *Role])
def test_what_is_for_nobody_is_not_for_admins(
    client: Client, sign_in: Callable[[Role], Client], role: Role | None
) -> None:
    assert status(sign_in(role) if role else client, "get", "closed") in (302, 403)


def test_strangers_sign_in_first_and_come_back(client: Client) -> None:
    assert client.get("/own/?page=2")["Location"] == "/sign-in/?next=/own/%3Fpage%3D2"
    assert client.get("/open/").content == b"done by GET"


def test_methods_are_asked_for_one_by_one(sign_in: Callable[[Role], Client]) -> None:
    viewer = sign_in(Role.VIEWER)
    assert [status(viewer, method, "both") for method in ("get", "head", "options", "post")] == [200, 200, 200, 403]
    assert status(sign_in(Role.CURATOR), "post", "both") == 200


def test_a_method_that_is_in_no_row_is_not_allowed(sign_in: Callable[[Role], Client]) -> None:
    admin = sign_in(Role.ADMIN)
    assert [status(admin, method, "button") for method in ("get", "head", "put", "delete", "post")] == [
        405,
        405,
        405,
        405,
        200,
    ]
    assert admin.get("/button/")["Allow"] == "POST"
    assert admin.post("/open/")["Allow"] == "GET, HEAD, OPTIONS"


def test_who_is_refused_is_told_why(sign_in: Callable[[Role], Client]) -> None:
    response = sign_in(Role.VIEWER).post("/button/", headers={"Accept": "application/json"})
    assert response.json()["code"] == "role_not_allowed"
    assert "viewer" in response.json()["detail"]


def test_somebody_deactivated_is_a_stranger(sign_in: Callable[[Role], Client]) -> None:
    client = sign_in(Role.ADMIN)
    UserFactory._meta.model.objects.update(is_active=False)
    assert client.get("/own/").status_code == 302
