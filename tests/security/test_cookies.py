"""Cookies are out of reach of scripts, of other sites, and in production of other hosts and of plain HTTP."""

import json

import pytest
from django.test import Client

from tests.core.test_env import PRODUCTION, load_settings
from tests.users.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.critical]

NAMES = (
    "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_DOMAIN",
    "CSRF_COOKIE_DOMAIN", "SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH", "SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE",
)  # fmt: skip


def production_settings(**environ: str) -> dict[str, object]:
    probe = f"import json; print(json.dumps({{name: getattr(s, name) for name in {NAMES}}}))"
    done = load_settings("prod", probe, **{**PRODUCTION, **environ})
    read: dict[str, object] = json.loads(done.stdout)
    return read


@pytest.mark.integration
@pytest.mark.django_db
def test_in_production_each_cookie_is_of_this_host_alone(settings) -> None:
    for name, value in production_settings().items():
        setattr(settings, name, value)
    client = Client(enforce_csrf_checks=True)
    user = UserFactory()
    token = client.get("/account/login/", secure=True).context["csrf_token"]
    sent = {"login": user.email, "password": PASSWORD, "csrfmiddlewaretoken": str(token)}
    response = client.post("/account/login/", sent, secure=True, headers={"Referer": "https://testserver/"})
    assert response.status_code == 302, response.content
    assert set(client.cookies) >= {"__Host-sessionid", "__Host-csrftoken"}
    for name, cookie in client.cookies.items():
        flags = (bool(cookie["secure"]), bool(cookie["httponly"]), cookie["samesite"], cookie["path"], cookie["domain"])
        assert flags == (True, True, "Lax", "/", ""), name
        assert name.startswith("__Host-"), name


@pytest.mark.unit
def test_without_https_a_cookie_has_no_name_that_browsers_would_refuse() -> None:
    found = production_settings(SECURE="false")
    assert (found["SESSION_COOKIE_NAME"], found["CSRF_COOKIE_NAME"]) == ("sessionid", "csrftoken")
    assert found["SESSION_COOKIE_SECURE"] is False


@pytest.mark.integration
@pytest.mark.django_db
def test_no_script_reads_a_cookie(client: Client) -> None:
    user = UserFactory()
    client.get("/account/login/")
    client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert len(client.cookies) == 2
    for cookie in client.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
