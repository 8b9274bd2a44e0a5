"""The caches' page in the back office and their API: figures, limits that are set, and clearing."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.models import AuditEntry
from apps.inference import home
from apps.inference.caching import limits, managing
from apps.inference.caching.kinds import CacheKind, CacheLimits
from apps.inference.caching.models import CacheSetting, SemanticWatch
from apps.inference.caching.response import response_cache
from apps.inference.models import Alias
from tests.inference.factories import AliasFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

LIST = "admin:inference_cachesetting_changelist"


@pytest.fixture
def curator() -> Client:
    client = Client()
    client.force_login(UserFactory(role="curator"))
    return client


@pytest.fixture
def kept() -> None:
    cache = response_cache(CacheKind.CHAT)
    for owner in ("user:1", "user:2"):
        cache.get(owner, "hello")
        cache.set(owner, "hello", "Hello.", tags=["alias:cheap"])
    cache.flush()


def found() -> list[str | None]:
    cache = response_cache(CacheKind.CHAT)
    return [cache.get(owner, "hello") for owner in ("user:1", "user:2")]


def test_the_page_shows_each_type(curator: Client, kept: None) -> None:
    page = curator.get(reverse(LIST)).content.decode()
    for kind in CacheKind:
        assert f'id="cache-{kind.value}"' in page
    assert [title for title in ("Chat", "SQL") if f"<h2>{title}</h2>" in page] == ["Chat", "SQL"]
    assert "2 of 2,000" in page
    assert "Too little was asked" in page


def test_clearing_asks_for_the_types_name_first(curator: Client, kept: None) -> None:
    address = reverse("admin:inference_cachesetting_clear")
    asked = curator.post(address, {"kind": "chat", "owner": "user:1"})
    assert asked.status_code == 422
    assert found() == ["Hello.", "Hello."]
    assert curator.post(address, {"kind": "chat", "owner": "user:1", "confirm": "chat"}).status_code == 302
    assert found() == [None, "Hello."]
    entry = AuditEntry.objects.latest("pk")
    assert "user:1" in str(entry.additional_data)


@pytest.mark.parametrize("form", [{"kind": "nothing"}, {"kind": "chat", "tag": "a", "owner": "b"}])
def test_wrong_input_clears_nothing(curator: Client, kept: None, form: dict[str, str]) -> None:
    answer = curator.post(reverse("admin:inference_cachesetting_clear"), {**form, "confirm": "chat"})
    assert answer.status_code == 422
    assert found() == ["Hello.", "Hello."]


def test_a_suggestion_is_used_with_one_click(
    curator: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    uses = [(f"q{number % 300}", number * 20_000) for number in range(1500)]
    monkeypatch.setattr(type(response_cache(CacheKind.CHAT).tally), "read_uses", lambda self, group="": uses)
    page = curator.get(reverse(LIST)).content.decode()
    assert "Use these for chat" in page
    suggestion = managing.suggest_limits(CacheKind.CHAT)
    assert suggestion is not None
    form = {"kind": "chat", "seconds": suggestion.limits.seconds, "size": suggestion.limits.size}
    assert curator.post(reverse("admin:inference_cachesetting_set"), form).status_code == 302
    row = CacheSetting.objects.get(kind="chat")
    assert CacheLimits(row.seconds, row.size) == suggestion.limits
    assert limits.read_limits()[CacheKind.CHAT] == suggestion.limits


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> Alias:
    """Each of its 300 questions comes back after 100 minutes, and answers are kept for an hour."""
    uses = [(f"q{number % 300}", number * 20_000) for number in range(1500)]
    monkeypatch.setattr(type(response_cache(CacheKind.CHAT).tally), "read_uses", lambda self, group="": uses)
    alias: Alias = AliasFactory(name="cheap-words", cache="exact")
    return alias


def test_an_alias_is_set_to_what_is_suggested(curator: Client, cheap: Alias) -> None:
    page = curator.get(reverse(LIST)).content.decode()
    assert "Use this for cheap-words" in page
    [row] = curator.get("/api/v1/inference/caches/").json()["aliases"]
    assert (row["alias"], row["seconds"], row["uses"], row["different"]) == ("cheap-words", 3600, 1500, 300)
    assert row["suggestion"] == {"seconds": 86_400, "hit_ratio": pytest.approx(0.8, abs=0.1), "hit_ratio_now": 0}
    address = reverse("admin:inference_cachesetting_alias", args=[cheap.pk])
    assert curator.post(address, {"seconds": row["suggestion"]["seconds"]}).status_code == 302
    cheap.refresh_from_db()
    assert cheap.cache_seconds == 86_400
    assert AuditEntry.objects.latest("pk").changes["cache_seconds"] == [None, 86_400]
    assert "Use this for cheap-words" not in curator.get(reverse(LIST)).content.decode()


@pytest.mark.parametrize("seconds", ["", "0", "-5", "99999999", "soon"])
def test_wrong_seconds_change_nothing(curator: Client, cheap: Alias, seconds: str) -> None:
    address = reverse("admin:inference_cachesetting_alias", args=[cheap.pk])
    assert curator.post(address, {"seconds": seconds}).status_code == 302
    assert curator.get(address).status_code == 405
    cheap.refresh_from_db()
    assert cheap.cache_seconds is None


def test_an_alias_that_keeps_nothing_is_not_told_of(curator: Client) -> None:
    AliasFactory(cache="off")
    assert curator.get("/api/v1/inference/caches/").json()["aliases"] == []


def test_wrong_limits_change_nothing(curator: Client) -> None:
    answer = curator.post(reverse("admin:inference_cachesetting_set"), {"kind": "chat", "seconds": 0, "size": 5})
    assert answer.status_code == 302
    assert not CacheSetting.objects.exists()


def test_the_api_reads_and_clears(curator: Client, kept: None) -> None:
    rows = curator.get("/api/v1/inference/caches/").json()["caches"]
    assert {row["type"]: row["entries"] for row in rows}["chat"] == 2
    assert next(row for row in rows if row["type"] == "chat")["suggestion"] is None
    wrong = curator.post(
        "/api/v1/inference/caches/clear/", {"type": "chat", "tag": "a", "owner": "b"}, "application/json"
    )
    assert (wrong.status_code, found()) == (400, ["Hello.", "Hello."])
    assert [error["field"] for error in wrong.json()["errors"]] == ["owner"]
    done = curator.post("/api/v1/inference/caches/clear/", {"type": "chat", "tag": "alias:cheap"}, "application/json")
    assert (done.status_code, found()) == (204, [None, None])


def test_what_was_made_stricter_waits_on_the_first_page_until_it_is_seen(curator: Client) -> None:
    row = SemanticWatch.objects.create(
        alias=AliasFactory(name="cheap-words"), threshold=0.95, hits=30, false=1, all_hits=50, all_false=6, waits=True
    )
    user = UserFactory(role="curator")
    [decision] = home.list_decisions(user)
    assert "cheap-words" in decision.text
    assert home.list_decisions(UserFactory(role="viewer")) == []
    page = curator.get(reverse(LIST)).content.decode()
    assert "cheap-words" in page
    assert "0.149" in page
    assert curator.post(decision.action).status_code == 302
    row.refresh_from_db()
    assert not row.waits
    assert home.list_decisions(user) == []


def test_a_viewer_sees_none_of_it() -> None:
    client = Client()
    client.force_login(UserFactory(role="viewer"))
    assert client.get(reverse(LIST)).status_code in (302, 403)
    assert client.get("/api/v1/inference/caches/").status_code == 403
