import pytest
from django.test import Client, RequestFactory
from pytest_django import Settings

from apps.core.live.address import socket_address
from tests.users.factories import UserFactory


@pytest.mark.unit
@pytest.mark.parametrize(
    ("given", "secure", "host", "address"),
    [
        (":8001", False, "localhost:8000", "ws://localhost:8001/ws/live/"),
        (":9001", True, "testserver", "wss://testserver:9001/ws/live/"),
        ("https://live.example.com", False, "testserver", "wss://live.example.com/ws/live/"),
        ("http://live.example.com:81/gate/", True, "testserver", "ws://live.example.com:81/gate/ws/live/"),
        ("wss://live.example.com", False, "testserver", "wss://live.example.com/ws/live/"),
        ("", False, "testserver", ""),
        (":8001", False, "evil.example", ""),
    ],
)
def test_where_the_socket_is(settings: Settings, given: str, secure: bool, host: str, address: str) -> None:
    settings.GATEWAY_URL = given
    assert socket_address(RequestFactory().get("/", secure=secure, HTTP_HOST=host)) == address


@pytest.mark.integration
@pytest.mark.django_db
def test_pages_may_connect_to_it_and_to_nothing_else(client: Client, settings: Settings) -> None:
    settings.GATEWAY_URL = ":8001"
    client.force_login(UserFactory.create())
    response = client.get("/functions/")
    policy = response["Content-Security-Policy"]
    [allowed] = [part.strip() for part in policy.split(";") if part.strip().startswith("connect-src")]
    assert allowed == "connect-src 'self' ws://testserver:8001/ws/live/"
    assert b'data-live-address="ws://testserver:8001/ws/live/"' in response.content


@pytest.mark.integration
@pytest.mark.django_db
def test_without_a_gateway_they_connect_nowhere(client: Client, settings: Settings) -> None:
    settings.GATEWAY_URL = ""
    client.force_login(UserFactory.create())
    response = client.get("/functions/")
    assert "ws:" not in response["Content-Security-Policy"]
    assert b'data-live-address=""' in response.content


@pytest.mark.integration
@pytest.mark.django_db
def test_a_host_that_is_not_ours_is_told_so_on_a_page(client: Client) -> None:
    response = client.get("/functions/", HTTP_HOST="evil.example", headers={"Accept": "text/html"})
    assert response.status_code == 400
    assert b"evil.example" not in response.content
