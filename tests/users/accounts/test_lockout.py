import threading
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.contrib.auth import authenticate
from django.db import connections
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.users.accounts.lockout import account_key, seconds_left
from tests.users.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

LOGIN = "/account/login/"
LIMIT = django_settings.AXES_FAILURE_LIMIT
COOLOFF = django_settings.AXES_COOLOFF_TIME


def sign_in(email: str, password: str, address: str = "192.0.2.7", **headers: str) -> int:
    form = {"login": email, "password": password}
    return Client().post(LOGIN, form, REMOTE_ADDR=address, **headers).status_code


def fail(email: str, times: int = LIMIT, address: str = "192.0.2.7", **headers: str) -> list[int]:
    return [sign_in(email, "wrong", address, **headers) for _ in range(times)]


def test_the_last_failure_that_is_allowed_says_that_it_was() -> None:
    assert fail(UserFactory().email) == [422] * (LIMIT - 1) + [429]


def test_then_even_the_right_password_must_wait() -> None:
    user = UserFactory()
    fail(user.email)
    assert sign_in(user.email, PASSWORD) == 429


def test_nobody_elsewhere_and_no_other_account_waits_with_it() -> None:
    user, other = UserFactory(), UserFactory()
    fail(user.email)
    assert sign_in(user.email, PASSWORD, "192.0.2.8") == 302
    assert sign_in(other.email, PASSWORD) == 302


def test_all_addresses_of_a_network_are_one() -> None:
    user = UserFactory()
    for host in range(LIMIT):
        fail(user.email, 1, f"2001:db8:1:2::{host}")
    assert sign_in(user.email, PASSWORD, "2001:db8:1:2:ffff::1") == 429
    assert sign_in(user.email, PASSWORD, "2001:db8:1:3::1") == 302


def test_another_browser_is_not_another_network() -> None:
    user = UserFactory()
    for browser in range(LIMIT):
        fail(user.email, 1, HTTP_USER_AGENT=f"browser {browser}")
    assert sign_in(user.email, PASSWORD, HTTP_USER_AGENT="a new one") == 429


def test_a_forged_header_is_not_another_network() -> None:
    user = UserFactory()
    for host in range(LIMIT):
        fail(user.email, 1, HTTP_X_FORWARDED_FOR=f"198.51.100.{host}")
    assert sign_in(user.email, PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.99") == 429


def test_the_same_address_written_otherwise_is_the_same_account() -> None:
    user = UserFactory()
    fail(f" {user.email.upper()} ")
    assert sign_in(user.email, PASSWORD) == 429


def test_a_right_password_starts_the_count_afresh() -> None:
    user = UserFactory()
    for _ in range(2):
        assert 429 not in fail(user.email, LIMIT - 1)
        assert sign_in(user.email, PASSWORD) == 302


def test_refused_attempts_do_not_put_off_the_end() -> None:
    user = UserFactory()
    fail(user.email)
    ended = AccessAttempt.objects.get().attempt_time
    fail(user.email)
    assert AccessAttempt.objects.get().attempt_time == ended


def test_it_ends_by_itself() -> None:
    user = UserFactory()
    fail(user.email)
    AccessAttempt.objects.update(attempt_time=timezone.now() - COOLOFF)
    assert sign_in(user.email, PASSWORD) == 302


def test_the_wait_is_until_enough_failures_are_forgotten(rf: RequestFactory) -> None:
    request = rf.post(LOGIN, REMOTE_ADDR="192.0.2.7")
    key = account_key(request, {"email": "ada@example.com"})
    now = timezone.now()
    for agent, (failures, minutes) in enumerate([(2, 4), (2, 3), (2, 2), (1, 1)]):
        pair = {"username": key, "ip_address": "192.0.2.7", "user_agent": str(agent)}
        attempt = AccessAttempt.objects.create(**pair, failures_since_start=failures)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=now - timedelta(minutes=minutes))
    assert 60 < seconds_left(request, "ada@example.com") <= 120
    assert seconds_left(request, "bob@example.com") == 0


def test_what_was_typed_is_kept_nowhere() -> None:
    fail("my-secret-password@example.com", 1)
    attempt = AccessAttempt.objects.get()
    assert "my-secret" not in str(vars(attempt))
    assert "wrong" not in str(vars(attempt))


def test_programs_that_ask_for_json_get_a_problem() -> None:
    email = UserFactory().email
    fail(email)
    form = {"login": email, "password": PASSWORD}
    response = Client().post(LOGIN, form, REMOTE_ADDR="192.0.2.7", HTTP_ACCEPT="application/problem+json")
    assert (response.status_code, response.json()["code"]) == (429, "throttled")
    assert 240 < int(response["Retry-After"]) <= 300


@pytest.mark.parametrize("email", ["", "a\0b", "é" * 10_000, "\ud800@example.com"])
def test_whatever_is_typed_can_be_counted(rf: RequestFactory, email: str) -> None:
    request = rf.post(LOGIN)
    assert authenticate(request, email=email, password="wrong") is None
    assert seconds_left(request, email) == 0


@pytest.mark.django_db(transaction=True)
def test_guesses_sent_all_at_once_are_counted_one_by_one() -> None:
    user = UserFactory()
    statuses: list[int] = []

    def guess() -> None:
        statuses.extend(fail(user.email, 1))
        connections.close_all()

    threads = [threading.Thread(target=guess) for _ in range(4 * LIMIT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(422) == LIMIT - 1
    assert AccessAttempt.objects.get().failures_since_start == LIMIT
