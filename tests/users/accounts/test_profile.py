import pytest
from django.test import Client

from apps.users.models import User
from apps.users.roles import Role
from tests.users.accounts.helpers import give_totp
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PAGE = "/account/"


@pytest.fixture
def user(client: Client) -> User:
    user = UserFactory()
    client.force_login(user)
    return user


def test_it_shows_who_one_is_and_where_to_change_it(client: Client, user: User) -> None:
    page = client.get(PAGE).content.decode()
    assert user.email in page
    for link in ("email/", "password/change/", "second-factor/", "keys/", "sessions/"):
        assert f'href="{PAGE}{link}"' in page


def test_ones_name_is_changed(client: Client, user: User) -> None:
    assert client.post(PAGE, {"full_name": " Ada <b>Byron</b> "})["Location"] == PAGE
    user.refresh_from_db()
    assert user.full_name == "Ada <b>Byron</b>"
    assert "<b>Byron" not in client.get(PAGE).content.decode()


@pytest.mark.parametrize("name", ["x" * 101, "a\x1bb"])
def test_a_wrong_name_is_refused(client: Client, user: User, name: str) -> None:
    response = client.post(PAGE, {"full_name": name})
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"full_name"}
    user.refresh_from_db()
    assert user.full_name == "Ada Lovelace"


def test_nothing_else_is_changed_there(client: Client, user: User) -> None:
    client.post(PAGE, {"full_name": "Ada", "role": "admin", "email": "evil@example.com", "is_active": ""})
    changed = User.objects.get(pk=user.pk)
    assert (changed.role, changed.email, changed.is_active) == (Role.VIEWER, user.email, True)


def test_it_says_how_it_stands_with_the_second_factor(client: Client, user: User, settings) -> None:
    assert "your password alone signs you in" in client.get(PAGE).content.decode()
    give_totp(user)
    assert "On, 1 set up." in client.get(PAGE).content.decode()
