import pytest
from django.test import Client
from django.utils import timezone

from apps.users.jwt.models import TokenFamily
from apps.users.jwt.services import start_family
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

FAMILIES = "/admin/users/tokenfamily/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(UserFactory(role=Role.ADMIN))
    return client


def test_everybodys_are_listed_and_found(admin: Client) -> None:
    family = start_family(user=UserFactory(), name="nightly sync", address="192.0.2.1").family
    start_family(user=UserFactory(), name="another")
    page = admin.get(FAMILIES, {"q": family.user.email}).content.decode()
    assert "nightly sync" in page
    assert "another" not in page
    assert family.jti not in page


def test_queries_do_not_grow_with_families(admin: Client, django_assert_max_num_queries) -> None:
    for _ in range(10):
        start_family(user=UserFactory())
    admin.get(FAMILIES)
    with django_assert_max_num_queries(10):
        admin.get(FAMILIES)


def test_one_shows_no_token_and_nothing_to_edit(admin: Client) -> None:
    family = start_family(user=UserFactory(), name="nightly sync").family
    page = admin.get(f"{FAMILIES}{family.pk}/change/").content.decode()
    assert "nightly sync" in page
    assert family.jti not in page
    assert family.password_mark not in page
    admin.post(f"{FAMILIES}{family.pk}/change/", {"name": "changed"})
    assert TokenFamily.objects.get().name == "nightly sync"


def test_the_chosen_are_revoked(admin: Client) -> None:
    chosen, other = start_family(user=UserFactory()).family, start_family(user=UserFactory()).family
    ended = start_family(user=UserFactory()).family
    TokenFamily.objects.filter(pk=ended.pk).update(revoked_at=timezone.now())
    form = {"action": "revoke_selected", "_selected_action": [str(chosen.pk), str(ended.pk)]}
    assert "1 revoked" in admin.post(FAMILIES, form, follow=True).content.decode()
    chosen.refresh_from_db()
    other.refresh_from_db()
    assert chosen.revoked_at
    assert other.revoked_at is None


@pytest.mark.parametrize("role", [Role.CURATOR, Role.VIEWER])
def test_others_see_none_of_it(client: Client, role: Role) -> None:
    client.force_login(UserFactory(role=role))
    assert client.get(FAMILIES).status_code == 403
