"""Sockets of pages: who may have one, what they are told, and when they end."""

import json
from collections.abc import Callable

import pytest
from channels.db import database_sync_to_async
from hypothesis import given
from hypothesis import strategies as st

from apps.core.live.consumer import MOST_MESSAGES, MOST_NAMES, LiveConsumer, read_wish
from apps.core.live.hub import MOST_SOCKETS, Code, Hub
from apps.users.models import User
from apps.users.roles import Role
from apps.users.sessions.models import Session
from apps.users.sessions.services import end_session
from tests.core.live.sockets import SECONDS, Page, gateway, play, sign_in, tell
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.critical]


@pytest.fixture
def user() -> User:
    return UserFactory.create(role=Role.VIEWER)


@pytest.fixture
def cookie(user: User) -> str:
    return sign_in(user)


def test_a_page_is_told_the_names_of_what_changed_of_what_it_shows(cookie: str) -> None:
    async def scene() -> None:
        async with gateway() as hub:
            page = Page(hub, cookie)
            assert await page.open()
            assert await page.follow("run:7", "report", "index") == ["index", "report", "run:7"]
            await tell("run:7", "run:8", "report:3", "function:1")
            assert await page.hear() == {"changed": ["run:7", "report"]}
            assert await page.follow("run:8") == ["run:8"]
            await tell("run:7", "run:8")
            assert await page.hear() == {"changed": ["run:8"]}
            await tell("run")
            assert await page.hear() == {"changed": ["run:8"]}
            await page.close()

    play(scene)


@pytest.mark.parametrize(
    ("role", "told"),
    [(Role.VIEWER, ["run:7"]), (Role.CURATOR, ["job:7", "run:7"]), (Role.ADMIN, ["job:7", "member", "run:7"])],
)
def test_nobody_follows_what_their_role_may_not_see(role: Role, told: list[str]) -> None:
    cookie = sign_in(UserFactory.create(role=role))

    async def scene() -> None:
        async with gateway() as hub:
            page = Page(hub, cookie)
            assert await page.open()
            assert await page.follow("job:7", "member", "run:7", "session", "weather") == told
            await tell("job:7", "member:1", "run:7", "session:1", "weather:1")
            assert sorted((await page.hear())["changed"]) == told
            await page.close()

    play(scene)


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "http://evil.example:8000"])
def test_pages_of_others_get_no_socket(cookie: str, origin: str | None) -> None:
    async def scene() -> None:
        async with gateway() as hub:
            assert not await Page(hub, cookie, origin=origin).open()
            assert not await Page(hub, cookie, path="/ws/other/").open()

    play(scene)


def test_who_is_not_signed_in_is_told_that_and_nothing_else(user: User, cookie: str) -> None:
    service = sign_in(UserFactory.create(role=Role.SERVICE))

    async def scene() -> None:
        async with gateway() as hub:
            for other in ("", "unknown", f"{cookie}x", '"', service):
                page = Page(hub, other)
                assert await page.open()
                assert await page.find_end() == Code.ENDED

    play(scene)


def revoke(user: User) -> None:
    end_session(session=Session.objects.get(user=user))


def run_out(user: User) -> None:
    Session.objects.filter(user=user).update(ends_at="2026-01-01T00:00Z")


def change_role(user: User) -> None:
    User.objects.filter(pk=user.pk).update(role=Role.CURATOR)


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def change_password(user: User) -> None:
    user.set_password("another horse 8")
    user.save()


def delete_account(user: User) -> None:
    user.delete()


@pytest.mark.parametrize("end", [revoke, run_out, change_role, deactivate, change_password, delete_account])
def test_a_socket_ends_with_its_session(
    user: User, cookie: str, end: Callable[[User], None], django_capture_on_commit_callbacks: Callable
) -> None:
    other = sign_in(UserFactory.create())

    async def scene() -> None:
        async with gateway() as hub:
            page, kept = Page(hub, cookie), Page(hub, other)
            assert await page.open()
            assert await kept.open()
            await page.follow("run:7")
            await kept.follow("run:7")
            await database_sync_to_async(end)(user)
            assert await page.find_end() == Code.ENDED
            await tell("run:7")
            assert await kept.hear() == {"changed": ["run:7"]}
            await kept.close()

    play(scene)


def test_a_revoked_session_is_not_waited_for(user: User, cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateways are told of it, and look at once."""
    monkeypatch.setattr("apps.core.live.hub.TEND_SECONDS", 10 * SECONDS)

    async def scene() -> None:
        async with gateway() as hub:
            page = Page(hub, cookie)
            assert await page.open()
            await page.follow("run:7")  # answered once the hub hears: a socket is accepted before
            await database_sync_to_async(revoke)(user)
            await tell("session")
            assert await page.find_end() == Code.ENDED

    play(scene)


def test_a_flood_is_told_once(cookie: str) -> None:
    async def scene() -> None:
        async with gateway() as hub:
            page = Page(hub, cookie)
            assert await page.open()
            names = [f"run:{key}" for key in range(MOST_NAMES)]
            await page.follow(*names)
            for _ in range(50):
                await tell(*(f"run:{key}" for key in range(1000)), "report:1")
            assert sorted((await page.hear())["changed"]) == sorted(names)
            await page.close()

    play(scene)


def test_what_waits_for_a_page_that_takes_nothing_does_not_grow(user: User) -> None:
    consumer = LiveConsumer(Hub.__new__(Hub))
    consumer._following = frozenset({"run:1", "report"})
    for key in range(10_000):
        consumer.tell([f"run:{key}", f"report:{key}", f"job:{key}"])
    assert set(consumer._changed) == {"run:1", "report"}


@pytest.mark.parametrize(
    "message",
    ["", "{", "[]", "7", '{"follow": "job"}', '{"follow": [7]}', '{"follow": [], "age": "x"}',
     '{"follow": [], "age": -1}',
     json.dumps({"follow": ["run"] * (MOST_NAMES + 1)}), json.dumps({"follow": ["x" * 5000]}), "[" * 3000],
)  # fmt: skip
def test_who_talks_nonsense_is_sent_away(cookie: str, message: str) -> None:
    async def scene() -> None:
        async with gateway() as hub:
            page = Page(hub, cookie)
            assert await page.open()
            await page.say(message)
            assert await page.find_end() == Code.TOO_MUCH

    play(scene)


def test_bytes_are_nonsense_too(cookie: str) -> None:
    async def scene() -> None:
        async with gateway() as hub:
            page = Page(hub, cookie)
            assert await page.open()
            await page.say(data=b"\xff\x00")
            assert await page.find_end() == Code.TOO_MUCH

    play(scene)


def test_who_talks_without_end_is_sent_away(cookie: str) -> None:
    async def scene() -> None:
        async with gateway() as hub:
            page = Page(hub, cookie)
            assert await page.open()
            for _ in range(MOST_MESSAGES):
                assert await page.follow("run:7") == ["run:7"]
            await page.say(json.dumps({"follow": ["run:7"]}))
            assert await page.find_end() == Code.TOO_MUCH

    play(scene)


def test_a_session_has_so_many_sockets_and_no_more(cookie: str) -> None:
    async def scene() -> None:
        async with gateway() as hub:
            pages = [Page(hub, cookie) for _ in range(MOST_SOCKETS)]
            for page in pages:
                assert await page.open()
                await page.follow("run")
            one_more = Page(hub, cookie)
            assert await one_more.open()
            assert await one_more.find_end() == Code.TOO_MUCH
            await pages[0].close()
            again = Page(hub, cookie)
            assert await again.open()
            assert await again.follow("run") == ["run"]
            for page in (*pages[1:], again):
                await page.close()

    play(scene)


def test_what_was_missed_is_told_first(cookie: str) -> None:
    async def scene() -> None:
        async with gateway() as hub:
            first = Page(hub, cookie)
            assert await first.open()
            await first.follow("run:7")
            await tell("run:7", "run:8")
            assert await first.hear() == {"changed": ["run:7"]}
            back = Page(hub, cookie)
            assert await back.open()
            hub._whole_since -= 1200
            await back.follow("run:7", "report", age=600)
            assert await back.hear() == {"changed": ["run:7"]}
            longer = Page(hub, cookie)
            assert await longer.open()
            await longer.follow("run:7", "report", age=3600)
            assert sorted((await longer.hear())["changed"]) == ["report", "run:7"]
            for page in (first, back, longer):
                await page.close()

    play(scene)


@given(st.text() | st.recursive(st.none() | st.text() | st.floats() | st.integers(), st.lists).map(json.dumps))
def test_any_message_is_read_or_refused(text: str) -> None:
    assert read_wish(text) is None


@given(st.lists(st.text(max_size=20), max_size=MOST_NAMES), st.floats(min_value=0, allow_nan=False))
def test_a_wish_is_read_as_it_was_written(names: list[str], age: float) -> None:
    text = json.dumps({"follow": names, "age": age})
    if len(text) <= 4096:
        assert read_wish(text) == (names, age)
