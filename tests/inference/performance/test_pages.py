"""The pages of figures and calls: who sees what, and what there is to see."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from apps.core.models import AuditEntry
from apps.inference.caching.kinds import CacheKind
from apps.inference.caching.response import response_cache
from apps.inference.curated import forget_curated
from apps.inference.models import Call, CallText, PerformanceReset, Retention
from apps.users.roles import Role
from tests.inference.caching.conftest import own_caches
from tests.inference.recording.calls import ANSWER, QUESTION, a_call, write
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PAGE, CALLS = "/inference/", "/inference/calls/"


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    forget_curated()


def signed_in(role: Role) -> Any:
    client = Client()
    client.user = UserFactory(role=role)
    client.force_login(client.user)
    return client


def read(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_without_calls_it_says_what_to_do() -> None:
    shown = read(signed_in(Role.VIEWER), PAGE)
    assert "No calls in this time" in shown
    assert "Make an API key" in shown


def test_people_see_their_own_figures() -> None:
    client, other = signed_in(Role.VIEWER), UserFactory()
    write(a_call(client.user.pk, model="mine"), a_call(other.pk, model="theirs"))
    shown = read(client, PAGE)
    assert "mine" in shown
    assert "theirs" not in shown
    assert other.email not in shown


def test_who_may_see_calls_sees_everybodys_figures_and_can_ask_for_their_own() -> None:
    client, other = signed_in(Role.ADMIN), UserFactory()
    write(a_call(client.user.pk, model="mine"), a_call(other.pk, model="theirs", outcome="timeout"))
    shown = read(client, PAGE)
    assert "theirs" in shown
    assert other.email in shown
    assert "Too slow" in shown
    assert "theirs" not in read(client, f"{PAGE}?whose=own")


def look_up(kind: CacheKind, *, hits: int, alike: int = 0) -> None:
    """One miss, and so many hits after it."""
    tally = response_cache(kind).tally
    tally.miss("shared", "00")
    for level in ["process"] * hits + ["semantic"] * alike:
        tally.hit(level, "00", 0.0)


def test_caches_are_told_by_type_and_level_to_who_sees_all(clean_caches: None) -> None:
    look_up(CacheKind.SQL, hits=3)
    look_up(CacheKind.INFERENCE, hits=1, alike=2)
    shown = read(signed_in(Role.ADMIN), PAGE)
    rows = re.findall(r"<tr><td>([^<]+)</td>" + r'<td class="number" data-label="[^"]+">([^<]+)</td>' * 4, shown)
    assert ("SQL", "3", "0", "1", "75 %") in rows
    assert ("Inference", "1", "2", "1", "75 %") in rows
    assert ("Text", "0", "0", "0", "–") in rows
    assert len(rows) == len(CacheKind)
    assert "Caches by type" not in read(signed_in(Role.ADMIN), f"{PAGE}?whose=own")
    assert "Caches by type" not in read(signed_in(Role.VIEWER), PAGE)


@pytest.fixture
def clean_caches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing was looked up before, and counts are written when they are read."""
    with own_caches(monkeypatch):
        yield


def test_the_figures_alone_are_for_htmx() -> None:
    client = signed_in(Role.ADMIN)
    write(a_call(client.user.pk))
    shown = read(client, PAGE, **{"HX-Request": "true", "HX-Target": "figures"})
    assert "<html" not in shown
    assert "small-one" in shown


def test_a_window_that_makes_no_sense_is_a_day() -> None:
    assert 'aria-current="true">Last day' in read(signed_in(Role.ADMIN), f"{PAGE}?window=age")


@pytest.mark.usefixtures("tables_stay_known")
def test_it_takes_as_many_questions_for_many_models_as_for_one(django_assert_max_num_queries: Any) -> None:
    client = signed_in(Role.ADMIN)
    write(*(a_call(UserFactory().pk, model=f"model-{number}") for number in range(8)))
    read(client, PAGE)
    with django_assert_max_num_queries(8):
        read(client, PAGE)


def test_a_reset_is_noted_and_deletes_nothing() -> None:
    client = signed_in(Role.ADMIN)
    write(a_call(client.user.pk))
    response = client.post(f"{PAGE}reset/")
    assert response.headers["Location"] == f"{PAGE}?window=reset"
    assert "No calls in this time" in read(client, f"{PAGE}?window=reset")
    assert "small-one" in read(client, PAGE)
    assert PerformanceReset.objects.get().by == client.user
    assert AuditEntry.objects.filter(actor=client.user, event="performance.reset").exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CURATOR])
def test_only_admins_reset(role: Role) -> None:
    client = signed_in(role)
    assert client.post(f"{PAGE}reset/").status_code == 403
    assert not PerformanceReset.objects.exists()
    assert "inference/reset" not in read(client, PAGE)


class TestCalls:
    def test_people_see_their_own(self) -> None:
        client, other = signed_in(Role.VIEWER), UserFactory()
        write(a_call(client.user.pk, target="my-alias"), a_call(other.pk, target="their-alias"))
        shown = read(client, CALLS)
        assert "my-alias" in shown
        assert "their-alias" not in shown

    def test_admins_see_all_and_can_narrow_to_their_own(self) -> None:
        client, other = signed_in(Role.ADMIN), UserFactory()
        write(a_call(client.user.pk, target="my-alias"), a_call(other.pk, target="their-alias"))
        assert "their-alias" in read(client, CALLS)
        assert "their-alias" not in read(client, f"{CALLS}?whose=own")

    def test_filters_narrow(self) -> None:
        client = signed_in(Role.VIEWER)
        write(
            a_call(client.user.pk, target="good-one"),
            a_call(client.user.pk, target="late-one", outcome="timeout"),
            a_call(client.user.pk, target="kept-one", cache="exact"),
        )
        failed = read(client, f"{CALLS}?outcome=failed")
        assert "late-one" in failed
        assert "good-one" not in failed
        cached = read(client, f"{CALLS}?cache=exact")
        assert "kept-one" in cached
        assert "late-one" not in cached

    def test_the_panel_shows_what_was_tried_and_ones_own_words(self) -> None:
        client = signed_in(Role.VIEWER)
        Retention.objects.create(user=client.user, days=3)
        write(a_call(client.user.pk, question=QUESTION, answer=ANSWER))
        shown = read(client, f"{CALLS}?peek={CallText.objects.get().pk}")
        assert "How many moons has Mars?" in shown
        assert "Two." in shown
        assert "trace-1" in shown
        assert "What was tried" in shown

    def test_the_words_of_others_are_shown_to_nobody(self) -> None:
        client, other = signed_in(Role.ADMIN), UserFactory()
        Retention.objects.create(user=other, days=3)
        write(a_call(other.pk, question=QUESTION, answer=ANSWER))
        shown = read(client, f"{CALLS}?peek={CallText.objects.get().pk}")
        assert "moons" not in shown
        assert "for who made it" in shown
        assert "moons" not in client.get(f"{CALLS}?export=csv").getvalue().decode()

    def test_somebody_elses_call_is_not_there(self) -> None:
        other = UserFactory()
        write(a_call(other.pk, target="their-alias"))
        assert "their-alias" not in read(signed_in(Role.VIEWER), f"{CALLS}?peek={Call.objects.get().pk}")


class TestKeeping:
    def test_somebody_says_for_how_long(self) -> None:
        client = signed_in(Role.VIEWER)
        assert client.post(f"{CALLS}keep/", {"days": 7}).status_code == 302
        assert Retention.objects.get(user=client.user).days == 7
        assert 'value="7"' in read(client, CALLS)

    @pytest.mark.parametrize("days", ["-1", "366", "many", ""])
    def test_what_makes_no_sense_changes_nothing(self, days: str) -> None:
        client = signed_in(Role.VIEWER)
        response = client.post(f"{CALLS}keep/", {"days": days})
        assert response.status_code == 422
        assert not Retention.objects.exists()

    def test_one_button_deletes_what_is_kept_of_ones_own(self) -> None:
        client, other = signed_in(Role.VIEWER), UserFactory()
        for user in (client.user, other):
            Retention.objects.create(user=user, days=3)
            write(a_call(user.pk, question=QUESTION, answer=ANSWER))
        assert "Delete what is kept now" in read(client, CALLS)
        client.post(f"{CALLS}forget/")
        assert list(CallText.objects.values_list("call__user", flat=True)) == [other.pk]
