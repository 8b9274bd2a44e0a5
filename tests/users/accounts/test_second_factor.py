import threading
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import connections

from apps.core.secrets import SecretUnreadable
from apps.core.secrets.keys import make_key
from apps.users.accounts import second_factor
from apps.users.accounts.second_factor import (
    MAX_WRONG,
    TooManyCodes,
    has_second_factor,
    must_have_second_factor,
    take_code,
)
from apps.users.models import User
from apps.users.roles import Role
from tests.users.accounts.helpers import code_of, give_recovery_codes, give_totp
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def user() -> User:
    return UserFactory()


@pytest.fixture
def secret(user: User) -> str:
    return give_totp(user)


def fail(user: User, times: int) -> None:
    for _ in range(times):
        assert take_code(user, "wrong") is None


def test_a_code_is_taken_once(user: User, secret: str) -> None:
    code = code_of(secret)
    assert take_code(user, code) == Authenticator.objects.get(user=user)
    assert take_code(user, code) is None


def test_after_a_code_only_later_ones_are_taken(user: User, secret: str) -> None:
    earlier, present, later = (code_of(secret, periods) for periods in (-1, 0, 1))
    assert take_code(user, present)
    assert take_code(user, earlier) is None
    assert take_code(user, later)


def test_clocks_may_differ_by_one_period(user: User, secret: str) -> None:
    assert take_code(user, code_of(secret, -3)) is None
    assert take_code(user, code_of(secret, 3)) is None


def test_the_code_that_set_it_up_is_not_taken_again(user: User, secret: str) -> None:
    Authenticator.objects.update(created_at="2026-11-21T12:00:00Z")
    row = Authenticator.objects.get()
    assert second_factor.last_step(row) == int(row.created_at.timestamp()) // 30


def test_a_recovery_code_is_taken_once(user: User, secret: str) -> None:
    first, second, *_ = give_recovery_codes(user)
    assert take_code(user, first)
    assert take_code(user, first) is None
    assert take_code(user, second)


def test_who_has_only_a_passkey_has_recovery_codes_too(user: User) -> None:
    codes = give_recovery_codes(user)
    fail(user, 2)
    assert take_code(user, codes[0])
    fail(user, 1)
    kept = Authenticator.objects.get(user=user)
    assert len(kept.data["wrong"]) == 1
    assert RecoveryCodes(kept).get_unused_codes() == codes[1:]


def test_who_has_no_factor_has_no_code(user: User) -> None:
    assert take_code(user, "000000") is None


def test_nobody_elses_code_is_taken(user: User, secret: str) -> None:
    assert take_code(UserFactory(), code_of(secret)) is None


@pytest.mark.parametrize("code", ["", "0" * 10_000, "１２３４５６", "a\0b", "-1", "١٢٣٤٥٦"])
def test_what_is_no_code_is_only_wrong(user: User, secret: str, code: str) -> None:
    assert take_code(user, code) is None


def test_after_too_many_wrong_ones_even_the_right_one_must_wait(user: User, secret: str) -> None:
    fail(user, MAX_WRONG)
    with pytest.raises(TooManyCodes) as refused:
        take_code(user, code_of(secret))
    assert 3000 < refused.value.wait <= 3600


def test_wrong_ones_are_forgotten_after_a_while(user: User, secret: str) -> None:
    fail(user, MAX_WRONG)
    row = Authenticator.objects.get()
    row.data["wrong"][0] = time.time() - second_factor.WINDOW_SECONDS
    row.save()
    assert take_code(user, code_of(secret))
    assert Authenticator.objects.get().data["wrong"] == []


@pytest.mark.django_db(transaction=True)
def test_two_who_give_the_same_code_at_once_do_not_both_get_in(user: User, secret: str) -> None:
    code, taken = code_of(secret), []

    def give() -> None:
        taken.append(take_code(user, code))
        connections.close_all()

    threads = [threading.Thread(target=give) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found is not None for found in taken) == 1


@pytest.mark.parametrize(
    ("required", "who"),
    [("off", set()), ("staff", {Role.CURATOR, Role.ADMIN}), ("all", set(Role))],
)
def test_who_must_have_one(settings, required: str, who: set[Role]) -> None:
    settings.REQUIRE_SECOND_FACTOR = required
    assert {role for role in Role if must_have_second_factor(User(role=role))} == who


def test_recovery_codes_alone_are_no_factor(user: User) -> None:
    give_recovery_codes(user)
    assert not has_second_factor(user)
    give_totp(user)
    assert has_second_factor(user)


def test_the_secret_is_not_readable_where_it_is_kept(user: User, secret: str) -> None:
    kept: Any = Authenticator.objects.get(user=user).data["secret"]
    assert secret not in kept


def test_a_factor_that_cannot_be_read_is_no_wrong_code(user: User, secret: str, settings: Any) -> None:
    settings.SECRETS_KEYS = [make_key()]
    with pytest.raises(SecretUnreadable):
        take_code(user, code_of(secret))
    assert "wrong" not in Authenticator.objects.get(user=user).data


def test_wrong_codes_of_an_app_are_counted_though_the_recovery_codes_cannot_be_read(user: User, settings: Any) -> None:
    give_recovery_codes(user)
    settings.SECRETS_KEYS = [make_key()]
    secret = give_totp(user)
    for _ in range(MAX_WRONG):
        assert take_code(user, "000000") is None
    with pytest.raises(TooManyCodes):
        take_code(user, code_of(secret))


def test_a_recovery_code_that_cannot_be_read_is_said_to_be_so(user: User, settings: Any) -> None:
    code = give_recovery_codes(user)[0]
    settings.SECRETS_KEYS = [make_key()]
    secret = give_totp(user)
    with pytest.raises(SecretUnreadable):
        take_code(user, f"{code[:4]} {code[4:]}")
    assert take_code(user, code_of(secret))
