from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.users.models import ApiKey, User, normalise_email
from apps.users.roles import Role
from apps.users.scopes import FUNCTIONS_READ, FUNCTIONS_WRITE, JOBS_READ
from apps.users.tokens import KeyState
from tests.users.factories import ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise_email(normalise_email(text)) == normalise_email(text)


def test_addresses_are_kept_and_found_in_lower_case() -> None:
    user = User.objects.create_user("  Ada@Example.COM ", "x")
    assert user.email == "ada@example.com"
    assert User.objects.get_by_natural_key("ADA@example.com") == user


def test_an_address_changed_later_is_lower_cased_too() -> None:
    user = UserFactory()
    user.email = "New@Example.com"
    user.save()
    user.refresh_from_db()
    assert user.email == "new@example.com"


def test_the_database_refuses_the_same_address_in_another_case() -> None:
    user = UserFactory()
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(email=user.email.upper())])


def test_the_database_refuses_upper_case_that_went_around_save() -> None:
    user = UserFactory()
    with pytest.raises(IntegrityError, match="user_email_lower_case"):
        User.objects.filter(pk=user.pk).update(email="Upper@example.com")


def test_a_user_needs_an_address() -> None:
    with pytest.raises(ValueError, match="email"):
        User.objects.create_user("  ", "x")


def test_a_superuser_is_an_admin_whatever_role_is_said() -> None:
    user = User.objects.create_superuser("root@example.com", "x", role=Role.VIEWER)
    assert user.role == Role.ADMIN
    assert user.is_superuser


@pytest.mark.parametrize(
    ("role", "staff", "superuser"),
    [
        (Role.VIEWER, False, False),
        (Role.SERVICE, False, False),
        (Role.CURATOR, True, False),
        (Role.ADMIN, True, True),
    ],
)
def test_what_follows_from_the_role(role: Role, staff: bool, superuser: bool) -> None:
    user = User(email="a@example.com", role=role)
    assert (user.is_staff, user.is_superuser) == (staff, superuser)


def test_names_fall_back_on_the_address() -> None:
    assert User(email="a@b.org").get_full_name() == User(email="a@b.org").get_short_name() == "a@b.org"
    assert User(email="a@b.org", full_name="Ada Lovelace").get_short_name() == "Ada"


def test_no_password_is_one_that_never_matches() -> None:
    user = User.objects.create_user("nopass@example.com")
    assert not user.has_usable_password()
    assert not user.check_password("")


@pytest.mark.parametrize("state", list(KeyState))
def test_the_queries_split_keys_as_the_property_does(state: KeyState) -> None:
    now = timezone.now()
    dates = [None, now - timedelta(days=1), now + timedelta(days=1)]
    keys = [ApiKeyFactory(revoked_at=revoked, expires_at=expires) for revoked in dates[:2] for expires in dates]
    expected = {key.pk for key in keys if key.state == state}
    assert expected
    assert set(ApiKey.objects.in_state(state, now).values_list("pk", flat=True)) == expected


def test_a_key_loses_what_its_owners_role_lost() -> None:
    key = ApiKeyFactory(user__role=Role.CURATOR, scopes=[FUNCTIONS_READ, FUNCTIONS_WRITE])
    assert key.effective_scopes == (FUNCTIONS_READ, FUNCTIONS_WRITE)
    key.user.role = Role.VIEWER
    assert key.effective_scopes == (FUNCTIONS_READ,)
    key.user.role = "nobody"
    assert key.effective_scopes == ()


def test_a_key_gains_nothing_when_its_owner_does() -> None:
    key = ApiKeyFactory(user__role=Role.ADMIN, scopes=[JOBS_READ, "invented:scope"])
    assert key.effective_scopes == (JOBS_READ,)


class TestRecordUse:
    def test_the_first_use_is_noted(self) -> None:
        key, now = ApiKeyFactory(), timezone.now()
        key.record_use(now)
        assert ApiKey.objects.get(pk=key.pk).last_used_at == now

    def test_within_a_minute_nothing_is_written(self, django_assert_num_queries) -> None:
        now = timezone.now()
        key = ApiKeyFactory(last_used_at=now)
        with django_assert_num_queries(0):
            key.record_use(now + timedelta(seconds=59))

    def test_after_a_minute_it_is_noted_again(self) -> None:
        before = timezone.now() - timedelta(minutes=5)
        key = ApiKeyFactory(last_used_at=before)
        key.record_use(before + timedelta(seconds=60))
        assert ApiKey.objects.get(pk=key.pk).last_used_at == before + timedelta(seconds=60)

    def test_a_process_that_read_the_key_earlier_does_not_write_again(self) -> None:
        now = timezone.now()
        key = ApiKeyFactory()
        elsewhere = ApiKey.objects.get(pk=key.pk)
        key.record_use(now)
        elsewhere.record_use(now + timedelta(seconds=1))
        assert ApiKey.objects.get(pk=key.pk).last_used_at == now
