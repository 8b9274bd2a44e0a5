"""Who may read /metrics: this machine, the networks named, and keys for it."""

import pytest
from django.test import Client
from pytest_django import Settings

from apps.users.roles import Role
from apps.users.scopes import FUNCTIONS_READ, METRICS_READ
from tests.api import client_with_key
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.critical]

METRICS = "/metrics"
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("::1", 200), ("10.0.0.5", 403), ("", 403)])
def test_this_machine_reads_them(client: Client, address: str, status: int) -> None:
    assert client.get(METRICS, REMOTE_ADDR=address).status_code == status


def test_networks_that_are_named_read_them(client: Client, settings: Settings) -> None:
    settings.METRICS_NETWORKS = ["203.0.113.0/24"]
    assert client.get(METRICS, **ELSEWHERE).status_code == 200
    assert client.get(METRICS).status_code == 403


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_what_a_proxy_of_this_machine_passes_on_does_not(client: Client, name: str) -> None:
    assert client.get(METRICS, headers={name: "127.0.0.1"}).status_code == 403


def test_proxies_that_are_counted_say_who_asks(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    assert client.get(METRICS, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403
    assert client.get(METRICS, headers={"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}).status_code == 403
    assert client.get(METRICS, headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 200


def test_a_key_for_it_reads_them_from_anywhere() -> None:
    program = client_with_key(METRICS_READ, role=Role.SERVICE)
    response = program.get(METRICS, **ELSEWHERE)
    assert response.status_code == 200
    assert b"touchstone_" in response.content


@pytest.mark.parametrize(("scope", "role"), [(FUNCTIONS_READ, Role.ADMIN), (METRICS_READ, Role.VIEWER)])
def test_no_other_key_does(scope: str, role: Role) -> None:
    assert client_with_key(scope, role=role).get(METRICS, **ELSEWHERE).status_code == 403


def test_neither_a_session_nor_a_made_up_key_does(client: Client) -> None:
    client.force_login(UserFactory(role=Role.ADMIN))
    assert client.get(METRICS, **ELSEWHERE).status_code == 403
    headers = {"Authorization": "Bearer ts_none_none"}
    assert client.get(METRICS, headers=headers, **ELSEWHERE).status_code == 403
