import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import RequestFactory
from django.utils import timezone

from apps.users import throttle
from apps.users.throttle import MAX_ATTEMPTS, WINDOW, client_network, count_attempt, forget_attempts, seconds_left

pytestmark = pytest.mark.integration


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4().hex}@example.com"


@pytest.fixture
def post(rf: RequestFactory):
    return rf.post("/")


@pytest.fixture(params=[False, True], ids=["raising", "swallowing"])
def dead_cache(request, settings):
    """A cache server that does not answer, as when it is down, to a client that raises or one that does not."""
    broken = {**settings.CACHES["default"], "LOCATION": "unix:///nonexistent/valkey.sock?db=1"}
    broken["OPTIONS"] = {**broken["OPTIONS"], "IGNORE_EXCEPTIONS": request.param}
    settings.CACHES = {"default": broken}


def test_attempts_up_to_the_limit_wait_for_nothing(post, email: str) -> None:
    assert [count_attempt(post, email) for _ in range(MAX_ATTEMPTS)] == [0] * MAX_ATTEMPTS


def test_the_next_one_waits_for_the_rest_of_the_window(post, email: str) -> None:
    for _ in range(MAX_ATTEMPTS):
        count_attempt(post, email)
    window = int(WINDOW.total_seconds())
    assert window - 5 <= count_attempt(post, email) <= window
    assert window - 5 <= seconds_left(post, email) <= window


def test_refused_attempts_do_not_put_off_the_end(post, email: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(MAX_ATTEMPTS):
        count_attempt(post, email)
    later = timezone.now() + timedelta(minutes=10)
    monkeypatch.setattr(throttle.timezone, "now", lambda: later)
    assert 295 <= count_attempt(post, email) <= 300


def test_the_count_ends_by_itself(post, email: str) -> None:
    for _ in range(MAX_ATTEMPTS + 1):
        count_attempt(post, email)
    for key in throttle.cache_keys(post, email):
        assert 0 < cache.ttl(key) <= WINDOW.total_seconds()  # type: ignore[attr-defined]


def test_forgetting_starts_afresh(post, email: str) -> None:
    for _ in range(MAX_ATTEMPTS + 1):
        count_attempt(post, email)
    forget_attempts(post, email)
    assert seconds_left(post, email) == 0
    assert count_attempt(post, email) == 0


def test_the_same_address_written_otherwise_is_the_same_account(post, email: str) -> None:
    for _ in range(MAX_ATTEMPTS):
        count_attempt(post, f" {email.upper()} ")
    assert count_attempt(post, email) > 0


@pytest.mark.parametrize("email", ["", "a\0b", "é" * 10_000, "\ud800@example.com"])
def test_whatever_is_typed_can_be_counted(post, email: str) -> None:
    forget_attempts(post, email)
    assert count_attempt(post, email) == 0
    forget_attempts(post, email)


@pytest.mark.usefixtures("dead_cache")
def test_a_dead_cache_keeps_nobody_out(post, email: str) -> None:
    assert [count_attempt(post, email) for _ in range(MAX_ATTEMPTS + 2)] == [0] * (MAX_ATTEMPTS + 2)
    assert seconds_left(post, email) == 0
    forget_attempts(post, email)


def test_a_count_that_runs_out_while_it_is_raised_is_no_failure(
    post, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(cache._connections["default"]), "add", lambda *args, **kwargs: False)
    assert count_attempt(post, email) == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_client_network(address: str, network: str) -> None:
    assert client_network(address) == network
