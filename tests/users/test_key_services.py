"""Keys with networks and limits, and their rotation."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.core.errors import Conflict, InvalidInput
from apps.users.models import ApiKey
from apps.users.scopes import FUNCTIONS_READ
from apps.users.services import create_key, rotate_key
from apps.users.tokens import parse_token
from tests.users.factories import ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def make(**options: Any) -> ApiKey:
    return create_key(user=UserFactory(), name="CI", scopes=[FUNCTIONS_READ], **options)[0]


def test_limits_and_networks_are_kept() -> None:
    key = make(networks=["192.0.2.7", "2001:DB8::/32"], requests_per_minute=5, requests_per_month=10**9)
    key.refresh_from_db()
    assert key.networks == ["192.0.2.7/32", "2001:db8::/32"]
    assert (key.requests_per_minute, key.requests_per_month) == (5, 10**9)
    assert key.is_allowed_from("2001:db8::1")
    assert not key.is_allowed_from("192.0.2.8")
    assert ApiKeyFactory().is_allowed_from("")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("networks", ["office"]),
        ("requests_per_minute", 0),
        ("requests_per_minute", 10**7),
        ("requests_per_month", -1),
        ("requests_per_month", 10**13),
    ],
)
def test_what_is_wrong_is_named_and_makes_nothing(field: str, value: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        make(**{field: value})
    assert list(refused.value.errors) == [field]
    assert not ApiKey.objects.exists()


class TestRotate:
    def test_the_prefix_stays_and_both_secrets_are_known(self) -> None:
        key, first = create_key(user=UserFactory(), name="CI", scopes=[FUNCTIONS_READ])
        second = rotate_key(key=key, overlap=timedelta(hours=1))
        old, new = parse_token(first), parse_token(second)
        assert old
        assert new
        assert old.prefix == new.prefix == key.prefix
        assert key.matches(new.secret)
        assert not key.matches(old.secret)
        assert key.matches_former(old.secret)
        assert key.former_until
        assert abs(key.former_until - timezone.now() - timedelta(hours=1)) < timedelta(minutes=1)

    def test_only_the_last_secret_overlaps(self) -> None:
        key, first = create_key(user=UserFactory(), name="CI", scopes=[FUNCTIONS_READ])
        rotate_key(key=key, overlap=timedelta(hours=1))
        rotate_key(key=key)
        old = parse_token(first)
        assert old
        assert not key.matches(old.secret)
        assert not key.matches_former(old.secret)

    @pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=31)])
    def test_an_overlap_beyond_reason_is_refused(self, overlap: timedelta) -> None:
        key = ApiKeyFactory()
        before = key.secret_hash
        with pytest.raises(InvalidInput):
            rotate_key(key=key, overlap=overlap)
        assert ApiKey.objects.get().secret_hash == before

    @pytest.mark.parametrize("field", ["revoked_at", "expires_at"])
    def test_what_has_ended_is_not_brought_back(self, field: str) -> None:
        key = ApiKeyFactory(**{field: timezone.now()})
        with pytest.raises(Conflict):
            rotate_key(key=key)
        assert ApiKey.objects.get().rotated_at is None

    def test_a_key_never_rotated_has_no_former_secret(self) -> None:
        assert not ApiKeyFactory().matches_former("")
