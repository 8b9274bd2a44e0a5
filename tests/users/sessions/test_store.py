from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from apps.users.models import User
from apps.users.sessions.models import Session, hash_key
from apps.users.sessions.store import SessionStore, Visitor
from apps.users.tasks import prune_sessions_task
from tests.users.factories import UserFactory

pytestmark = pytest.mark.django_db

HERE = Visitor("192.0.2.1", "curl/8")


@pytest.fixture
def user() -> User:
    return UserFactory.create()


def sign_in(user: User) -> SessionStore:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store.save()
    return store


def age(store: SessionStore, *, seen: timedelta = timedelta(), since: timedelta = timedelta()) -> None:
    """Moves the session's row into the past."""
    row = Session.objects.of_key(store.session_key or "").get()
    row.seen_at -= seen
    row.since -= since
    row.ends_at = row.latest_end
    row.save()


def visit(store: SessionStore, visitor: Visitor | None = HERE) -> SessionStore:
    """The same cookie in another process."""
    again = SessionStore(store.session_key)
    again.visitor = visitor
    again.get("")
    return again


def test_what_was_saved_is_loaded(user: User) -> None:
    store = sign_in(user)
    store["typed"] = {"a": 1}
    store.save()
    assert dict(visit(store).items()) == {SESSION_KEY: str(user.pk), "typed": {"a": 1}}
    assert Session.objects.get().user == user


def test_the_table_holds_no_key_to_sign_in_with(user: User) -> None:
    store = sign_in(user)
    row = Session.objects.get()
    assert row.key_hash == hash_key(store.session_key or "")
    assert SessionStore(row.key_hash).get(SESSION_KEY) is None


def test_it_ends_when_nothing_is_done(user: User, settings: Settings) -> None:
    settings.SESSION_IDLE_MINUTES = 30
    store = sign_in(user)
    age(store, seen=timedelta(minutes=29))
    assert visit(store, None).get(SESSION_KEY)
    age(store, seen=timedelta(minutes=1))
    again = visit(store)
    assert (again.get(SESSION_KEY), again.session_key, again.has_ended) == (None, None, True)


def test_it_ends_in_any_case(user: User, settings: Settings) -> None:
    settings.SESSION_MAX_HOURS = 2
    store = sign_in(user)
    age(store, since=timedelta(minutes=119, seconds=30), seen=timedelta(minutes=2))
    assert 0 < visit(store).seconds_left <= 30
    age(store, since=timedelta(seconds=31))
    assert visit(store).has_ended


def test_shorter_times_count_for_sessions_that_are_there(user: User, settings: Settings) -> None:
    settings.SESSION_IDLE_MINUTES = 60
    store = sign_in(user)
    age(store, seen=timedelta(minutes=20))
    settings.SESSION_IDLE_MINUTES = 10
    assert visit(store).has_ended


def test_a_request_prolongs_it(user: User, settings: Settings) -> None:
    settings.SESSION_IDLE_MINUTES = 30
    store = sign_in(user)
    age(store, seen=timedelta(minutes=20))
    assert visit(store).seconds_left > 29 * 60
    row = Session.objects.get()
    assert (row.address, row.user_agent) == ("192.0.2.1", "curl/8")


def test_what_a_page_sends_by_itself_does_not(user: User, settings: Settings) -> None:
    settings.SESSION_IDLE_MINUTES = 30
    store = sign_in(user)
    age(store, seen=timedelta(minutes=20))
    assert visit(store, Visitor(is_busy=False)).seconds_left <= 10 * 60
    assert Session.objects.get().user_agent == ""


def test_requests_within_a_minute_cost_one_query(user: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    store = sign_in(user)
    with django_assert_num_queries(1):
        again = visit(store)
        assert again.row
        assert again.row.user == user
    age(store, seen=timedelta(minutes=2))
    with django_assert_num_queries(2):
        visit(store)
    with django_assert_num_queries(1):
        visit(store)


def test_a_deleted_one_does_not_come_back_when_a_request_saves_it(user: User) -> None:
    store = sign_in(user)
    busy = visit(store)
    Session.objects.all().delete()
    busy["typed"] = 1
    with pytest.raises(UpdateError):
        busy.save()
    assert not Session.objects.exists()


def test_a_new_key_keeps_age_and_name(user: User) -> None:
    store = sign_in(user)
    age(store, since=timedelta(days=3))
    Session.objects.update(name="Work")
    before = Session.objects.get()
    again = visit(store)
    again.cycle_key()
    again.save()
    after = Session.objects.get()
    assert (after.name, after.since, after.user) == ("Work", before.since, user)
    assert after.key_hash != before.key_hash


def test_signing_in_starts_its_time(user: User, settings: Settings) -> None:
    settings.SESSION_MAX_HOURS = 2
    store = SessionStore()
    store["next"] = "/"
    store.save()
    age(store, since=timedelta(minutes=100))
    again = visit(store)
    again.cycle_key()
    again[SESSION_KEY] = str(user.pk)
    again.save()
    assert timezone.now() - Session.objects.get().since < timedelta(minutes=1)


def test_what_has_ended_is_cleared(user: User) -> None:
    old, new = sign_in(user), sign_in(user)
    age(old, seen=timedelta(days=20))
    prune_sessions_task()
    assert [row.key_hash for row in Session.objects.all()] == [hash_key(new.session_key or "")]
