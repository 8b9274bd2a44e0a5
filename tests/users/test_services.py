from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from apps.core.errors import InvalidInput
from apps.users import services
from apps.users.models import ApiKey, User
from apps.users.roles import Role
from apps.users.scopes import FUNCTIONS_READ, FUNCTIONS_WRITE
from apps.users.services import (
    FIRST_ADMIN_EMAIL,
    create_key,
    create_user,
    ensure_first_admin,
    is_last_admin,
    revoke_key,
    revoke_keys,
)
from apps.users.tokens import Token, hash_secret, new_token, parse_token
from tests.users.factories import PASSWORD, ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class TestCreateUser:
    def test_a_user_with_a_given_password(self) -> None:
        user, password = create_user(email=" Ada@Example.com", role="curator", full_name=" Ada ", password="grue-x-9 k")
        user.refresh_from_db()
        assert (user.email, user.role, user.full_name) == ("ada@example.com", "curator", "Ada")
        assert password == "grue-x-9 k"
        assert user.check_password(password)

    def test_without_a_password_one_is_made_up(self) -> None:
        user, password = create_user(email="ada@example.com", role="viewer")
        assert user.check_password(password)
        assert len(password) == 19

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("email", "not an address"),
            ("email", ""),
            ("email", "a\0@example.com"),
            ("email", f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 63}.example.com"),
            ("role", "owner"),
            ("role", ""),
            ("role", "ADMIN"),
            ("full_name", "x" * 101),
            ("full_name", "Ada\x1b[2J"),
            ("password", "short"),
            ("password", "1234567890"),
            ("password", "password123"),
            ("password", "adalovelace@example"),
            ("password", ""),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_made(self, field: str, value: str) -> None:
        given = {"email": "adalovelace@example.com", "role": "viewer", field: value}
        with pytest.raises(InvalidInput) as raised:
            create_user(**given)
        assert set(raised.value.errors) == {field}
        assert not User.objects.exists()

    def test_an_address_that_has_an_account(self) -> None:
        create_user(email="ada@example.com", role="viewer")
        with pytest.raises(InvalidInput, match="email"):
            create_user(email="ADA@example.com", role="admin")
        assert User.objects.get().role == "viewer"


class TestEnsureFirstAdmin:
    def test_makes_one_where_there_is_nobody(self) -> None:
        made = ensure_first_admin()
        assert made is not None
        user = User.objects.get()
        assert (user.email, user.role) == (made[0], Role.ADMIN)
        assert user.check_password(made[1])

    def test_does_nothing_once_there_is_someone(self) -> None:
        UserFactory(role=Role.VIEWER)
        assert ensure_first_admin() is None
        assert User.objects.count() == 1

    def test_the_slower_of_two_makes_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def be_overtaken() -> str:
            UserFactory(email=FIRST_ADMIN_EMAIL, role=Role.ADMIN)
            return "another horse 8"

        monkeypatch.setattr(services, "generate_password", be_overtaken)
        assert ensure_first_admin() is None
        assert User.objects.get().check_password(PASSWORD)

    @pytest.mark.django_db(transaction=True)
    def test_of_processes_that_start_together_one_makes_it(self) -> None:
        made: list[tuple[str, str] | None] = []
        barrier = Barrier(4)

        def start() -> None:
            barrier.wait()
            made.append(ensure_first_admin())
            connection.close()

        threads = [Thread(target=start) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 4
        winners = [each for each in made if each]
        assert len(winners) == 1
        assert User.objects.get().check_password(winners[0][1])


class TestIsLastAdmin:
    def test_the_only_active_one_is(self) -> None:
        admin = UserFactory(role=Role.ADMIN)
        UserFactory(role=Role.ADMIN, is_active=False)
        UserFactory(role=Role.CURATOR)
        assert is_last_admin(admin)

    def test_one_of_two_is_not(self) -> None:
        admin, _ = UserFactory(role=Role.ADMIN), UserFactory(role=Role.ADMIN)
        assert not is_last_admin(admin)

    def test_who_is_no_admin_is_not(self) -> None:
        assert not is_last_admin(UserFactory(role=Role.CURATOR))


class TestCreateKey:
    def test_only_a_hash_is_kept(self) -> None:
        user = UserFactory(role=Role.CURATOR)
        until = timezone.now() + timedelta(days=1)
        made, shown = create_key(
            user=user, name=" CI ", scopes=[FUNCTIONS_WRITE, FUNCTIONS_READ, FUNCTIONS_READ], expires_at=until
        )
        token = parse_token(shown)
        assert token is not None
        key = ApiKey.objects.get(pk=made.pk)
        assert (key.name, key.user, key.expires_at, key.revoked_at) == ("CI", user, until, None)
        assert key.scopes == [FUNCTIONS_READ, FUNCTIONS_WRITE]
        assert (key.prefix, key.secret_hash) == (token.prefix, hash_secret(token.secret))
        assert key.matches(token.secret)
        assert token.secret not in str(ApiKey.objects.filter(pk=key.pk).values().get())

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", " \n "),
            ("name", "x" * 101),
            ("name", "a\0b"),
            ("name", "a\nb"),
            ("name", "\ud800"),
            ("scopes", []),
            ("scopes", ["functions:destroy"]),
            ("scopes", ["*"]),
            ("scopes", [FUNCTIONS_READ, FUNCTIONS_WRITE]),
            ("expires_at", timezone.now() - timedelta(seconds=1)),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_made(self, field: str, value: object) -> None:
        given = {"user": UserFactory(), "name": "CI", "scopes": [FUNCTIONS_READ], field: value}
        with pytest.raises(InvalidInput) as raised:
            create_key(**given)  # type: ignore[arg-type]
        assert set(raised.value.errors) == {field}
        assert not ApiKey.objects.exists()

    @pytest.mark.parametrize("owner", [{"role": "nobody"}, {"role": Role.ADMIN, "is_active": False}])
    def test_not_everyone_may_hold_keys(self, owner: dict[str, object]) -> None:
        with pytest.raises(InvalidInput, match="user"):
            create_key(user=UserFactory(**owner), name="CI", scopes=[FUNCTIONS_READ])

    def test_live_keys_have_a_limit_and_ended_ones_do_not_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(services, "MAX_LIVE_KEYS", 2)
        user, past = UserFactory(), timezone.now() - timedelta(days=1)
        ApiKeyFactory(user=user, revoked_at=past)
        ApiKeyFactory(user=user, expires_at=past)
        ApiKeyFactory()
        for _ in range(2):
            create_key(user=user, name="CI", scopes=[FUNCTIONS_READ])
        with pytest.raises(InvalidInput, match="revoke one first"):
            create_key(user=user, name="CI", scopes=[FUNCTIONS_READ])

    def test_a_prefix_that_is_taken_is_not_used_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        taken = ApiKeyFactory()
        fresh = new_token()
        tokens = iter([Token(taken.prefix, fresh.secret), fresh])
        monkeypatch.setattr(services, "new_token", lambda: next(tokens))
        key, _ = create_key(user=taken.user, name="CI", scopes=[FUNCTIONS_READ])
        assert key.prefix == fresh.prefix


class TestRevoke:
    def test_revoking_again_keeps_the_first_date(self) -> None:
        key = ApiKeyFactory()
        first = revoke_key(key=key).revoked_at
        assert first is not None
        assert revoke_key(key=ApiKey.objects.get(pk=key.pk)).revoked_at == first

    def test_many_at_once(self) -> None:
        past = timezone.now() - timedelta(days=1)
        ended, live, other = ApiKeyFactory(revoked_at=past), ApiKeyFactory(), ApiKeyFactory()
        assert revoke_keys(keys=ApiKey.objects.filter(pk__in=[ended.pk, live.pk])) == 1
        assert ApiKey.objects.get(pk=ended.pk).revoked_at == past
        assert ApiKey.objects.get(pk=live.pk).revoked_at is not None
        assert ApiKey.objects.get(pk=other.pk).revoked_at is None
