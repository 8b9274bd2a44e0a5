"""Nobody takes the last active admin away, by whichever page they try."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.users.models import User
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.critical]


def by_role(client: Client, admin: User) -> None:
    client.post(reverse("users:set_member_role", args=[admin.pk]), {"role": "viewer"})


def by_deactivation(client: Client, admin: User) -> None:
    client.post(reverse("users:set_member_active", args=[admin.pk]), {"active": "0"})


def by_role_in_the_back_office(client: Client, admin: User) -> None:
    fields = {"email": admin.email, "full_name": "", "role": "viewer", "is_active": "on"}
    client.post(reverse("admin:users_user_change", args=[admin.pk]), fields)


def by_deactivation_in_the_back_office(client: Client, admin: User) -> None:
    fields = {"email": admin.email, "full_name": "", "role": "admin"}
    client.post(reverse("admin:users_user_change", args=[admin.pk]), fields)


def by_deletion(client: Client, admin: User) -> None:
    client.post(reverse("admin:users_user_delete", args=[admin.pk]), {"post": "yes"})


WAYS = [by_role, by_deactivation, by_role_in_the_back_office, by_deactivation_in_the_back_office, by_deletion]


@pytest.mark.parametrize("take_away", WAYS)
def test_the_last_admin_stays(client: Client, take_away: Callable[[Client, User], None]) -> None:
    admin = UserFactory(role=Role.ADMIN)
    UserFactory(role=Role.ADMIN, is_active=False)
    client.force_login(admin)
    take_away(client, admin)
    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == (Role.ADMIN, True)


@pytest.mark.parametrize("take_away", [way for way in WAYS if way is not by_deletion])
def test_one_of_two_may_go(client: Client, take_away: Callable[[Client, User], None]) -> None:
    client.force_login(UserFactory(role=Role.ADMIN))
    other = UserFactory(role=Role.ADMIN)
    take_away(client, other)
    other.refresh_from_db()
    assert (other.role, other.is_active) != (Role.ADMIN, True)


@pytest.mark.parametrize("take_away", WAYS)
def test_curators_do_not_touch_members(client: Client, take_away: Callable[[Client, User], None]) -> None:
    client.force_login(UserFactory(role=Role.CURATOR))
    viewer = UserFactory(role=Role.ADMIN)
    take_away(client, viewer)
    viewer.refresh_from_db()
    assert (viewer.role, viewer.is_active) == (Role.ADMIN, True)
