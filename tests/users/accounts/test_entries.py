import uuid

import pytest
from django.test import Client

from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

LOGIN = "/account/login/"


@pytest.fixture
def address(settings) -> str:
    """An address that no other test has sent from."""
    settings.LIMIT_SIGN_INS_PER_MINUTE = 3
    return f"2001:db8:{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}::1"


def send(address: str, page: str = LOGIN) -> int:
    form = {"login": UserFactory.build().email, "password": "wrong"}
    return Client().post(page, form, REMOTE_ADDR=address).status_code


def test_many_accounts_cannot_be_tried_from_one_network(address: str) -> None:
    assert [send(address) for _ in range(4)] == [422, 422, 422, 429]
    response = Client().post(LOGIN, {}, REMOTE_ADDR=address.replace("::1", "::2"))
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 60
    assert "Too many forms came from your network" in response.content.decode()


def test_all_forms_of_strangers_count_together(address: str) -> None:
    pages = ["/account/passkeys/login/", "/account/second-factor/code/", "/account/invitation/", LOGIN]
    assert [send(address, page) for page in pages][-1] == 429


def test_looking_costs_nothing(address: str) -> None:
    assert [Client().get(LOGIN, REMOTE_ADDR=address).status_code for _ in range(5)] == [200] * 5
    assert send(address) == 422


def test_other_networks_go_on(address: str) -> None:
    for _ in range(4):
        send(address)
    assert send("2001:db8::1") == 422
