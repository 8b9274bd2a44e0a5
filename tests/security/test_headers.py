"""What browsers are told with every kind of answer."""

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import AsyncClient, Client

from apps.core import short_ways
from apps.users.roles import Role
from apps.users.scopes import FUNCTIONS_READ
from tests.api import client_with_key
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.critical]

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ANSWERS = [
    ("/account/login/", 200),
    ("/", 302),
    ("/no-such-page/", 404),
    ("/admin/", 302),
    ("/api/v1/schema/", 200),
    ("/api/v1/docs/", 200),
    ("/api/v1/docs/?script=", 200),
    ("/api/v1/me/", 401),
    ("/api/v1/no-such-thing/", 404),
    ("/static/css/base.css", 200),
    ("/static/icons/mark.svg", 200),
    ("/static/no-such-file.css", 404),
    ("/health/live", 200),
    ("/metrics", 200),
]


def policy_of(response: HttpResponse) -> dict[str, list[str]]:
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


def assert_safe(response: HttpResponse) -> dict[str, list[str]]:
    assert {name: response[name] for name in ALWAYS} == ALWAYS
    assert "camera=()" in response["Permissions-Policy"]
    policy = policy_of(response)
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["default-src"] in (["'self'"], ["'none'"])
    sources = {source for kept in policy.values() for source in kept}
    assert not sources & {"'unsafe-inline'", "'unsafe-hashes'", "*", "http:", "https:"}
    return policy


@pytest.mark.parametrize(("path", "status"), ANSWERS)
def test_every_kind_of_answer_is_safe(client: Client, path: str, status: int) -> None:
    response = client.get(path)
    assert response.status_code == status
    evaluates = "'unsafe-eval'" in assert_safe(response).get("script-src", [])
    assert evaluates == path.startswith("/admin/")


def test_a_page_runs_nothing_but_our_files(client: Client) -> None:
    client.force_login(UserFactory(role=Role.ADMIN))
    policy = assert_safe(client.get("/functions/"))
    assert "script-src" not in policy
    assert policy["default-src"] == policy["form-action"] == ["'self'"]
    assert policy["object-src"] == policy["base-uri"] == policy["frame-src"] == ["'none'"]


def test_the_back_office_may_evaluate_and_nothing_else_may(client: Client) -> None:
    client.force_login(UserFactory(role=Role.ADMIN))
    for path in ("/admin/", "/admin/users/user/", "/admin/users/user/add/"):
        response = client.get(path)
        assert response.status_code == 200
        assert assert_safe(response)["script-src"] == ["'self'", "'unsafe-eval'"]


@pytest.mark.parametrize("path", ["/api/v1/functions/", "/api/v1/no-such-thing/", "/api/v1/schema/"])
def test_nothing_in_an_answer_of_the_api_is_to_be_run(path: str) -> None:
    response = client_with_key(FUNCTIONS_READ).get(path)
    assert assert_safe(response)["default-src"] == ["'none'"]


def answer_short(request: object) -> HttpResponse:
    return HttpResponse(b"{}", content_type="application/json")


def fail(request: object) -> HttpResponse:
    raise RuntimeError("broken")


@pytest.mark.parametrize(("way", "status"), [(answer_short, 200), (fail, 500)])
def test_a_short_way_is_safe_also_when_it_breaks(client: Client, settings, way, status: int) -> None:
    settings.SHORT_WAYS = {"/health/live": f"{__name__}.{way.__name__}"}
    short_ways.find_way.cache_clear()
    client.raise_request_exception = False
    response = client.get("/health/live")
    short_ways.find_way.cache_clear()
    assert response.status_code == status
    assert_safe(response)


def test_an_error_of_ours_is_safe(client: Client, monkeypatch) -> None:
    client.force_login(UserFactory(role=Role.ADMIN))
    client.raise_request_exception = False
    monkeypatch.setattr("apps.functions.views.render", lambda *args, **kwargs: 1 / 0)
    response = client.get("/functions/import/")
    assert response.status_code == 500
    assert_safe(response)


def test_a_form_without_its_token_is_refused_safely() -> None:
    response = Client(enforce_csrf_checks=True).post("/account/login/", {"login": "a@example.com"})
    assert response.status_code == 403
    assert_safe(response)


@pytest.mark.parametrize(("path", "status"), [("/health/live", 200), ("/metrics", 200), ("/nothing/", 404)])
def test_the_gateway_is_safe(settings, path: str, status: int) -> None:
    settings.ROOT_URLCONF = "config.gateway_urls"
    response = async_to_sync(AsyncClient().get)(path)
    assert response.status_code == status
    assert_safe(response)


@pytest.mark.parametrize(
    ("subdomains", "preload", "expected"),
    [
        (True, False, "max-age=31536000; includeSubDomains"),
        (True, True, "max-age=31536000; includeSubDomains; preload"),
        (False, False, "max-age=31536000"),
    ],
)
def test_https_is_to_stay(client: Client, settings, subdomains: bool, preload: bool, expected: str) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS, settings.SECURE_HSTS_PRELOAD = subdomains, preload
    assert client.get("/account/login/", secure=True)["Strict-Transport-Security"] == expected
    assert "Strict-Transport-Security" not in client.get("/account/login/")
