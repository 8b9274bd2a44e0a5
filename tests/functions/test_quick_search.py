"""The short way to an answer says what the API view says, and leaves to it whatever is out of the ordinary."""

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import jwt
import pytest
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import REGISTRY
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient
from rest_framework_simplejwt.settings import api_settings

from apps.core import short_ways
from apps.core.cache.local import LocalTier
from apps.core.jobs.services import run_inline
from apps.core.short_ways import ShortWay
from apps.functions import quick_search
from apps.functions.models import Function
from apps.functions.services import indexing, live, searching, shown
from apps.functions.services.shown import shown_functions
from apps.users import authentication
from apps.users.accounts.members import set_active, set_role
from apps.users.jwt import keeping
from apps.users.jwt.services import TokenPair, refresh_family, revoke_families, start_family
from apps.users.jwt.tokens import TokenRefused
from apps.users.limits import counting
from apps.users.limits.budgets import UsageLedger, ledger
from apps.users.limits.counting import Counters
from apps.users.limits.shared import SharedCounters
from apps.users.models import ApiKey, User
from apps.users.roles import Role
from apps.users.scopes import EVALUATIONS_READ, FUNCTIONS_READ
from apps.users.services import revoke_keys, rotate_key
from tests.api import client_of, client_with_key
from tests.functions.factories import FunctionFactory, LibraryFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

SEARCH = "/api/v1/functions/search/"
VARYING = ("took_ms", "trace_id", "tier")


@pytest.fixture(autouse=True)
def own_index(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.INDEX_DIR = tmp_path
    settings.INDEX_REFRESH_SECONDS = 0
    live.live_index.cache_clear()
    shown_functions.cache_clear()
    # Or a slow test would read ahead, with questions of its own.
    monkeypatch.setattr(shown, "SETTLED_SECONDS", math.inf)
    searching.get_cache("functions.answers").local.clear()
    texts = LibraryFactory(name="texts")
    FunctionFactory(name="count_lines", external_id="texts.count_lines", library=texts)
    FunctionFactory(name="parse_date", library=texts, description="Parse a date out of text 文件 \u2028 <b>.", code="x")
    assert run_inline(kind=indexing.KIND, params={}).error == ""
    yield
    live.live_index.cache_clear()


@pytest.fixture(autouse=True)
def patient_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of changes only Valkey tells: it is not left alone because of what another test did to it."""
    monkeypatch.setattr(counting, "counters", Counters(SharedCounters(), ledger))


class Clock:
    """Seconds, which only go on when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Of the keys that are kept."""
    clock = Clock()
    kept = LocalTier(size=10, ttl=authentication.KEPT_SECONDS, timer=clock)
    monkeypatch.setattr(authentication, "kept_keys", kept)
    return clock


@pytest.fixture
def program() -> APIClient:
    return client_with_key(FUNCTIONS_READ, last_used_at=timezone.now())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each search was answered the short way."""
    seen: list[bool] = []

    def answer_quickly(request: HttpRequest) -> HttpResponse | None:
        response = quick_search.answer_quickly(request)
        seen.append(response is not None)
        return response

    monkeypatch.setattr(short_ways, "find_way", lambda path: ShortWay(answer_quickly, "api:function-search"))
    return seen


@pytest.mark.parametrize(
    "parameters",
    [
        {"q": "parse a date"},
        {"q": "count_lines"},
        {"q": "parse a date", "limit": 1},
        {"q": "parse a date", "limit": 100, "language": " py "},
        {"q": "parse a date", "library": "texts"},
        {"q": "  größe 文件 🎉 \u2028"},
        {"q": "<script>&\"'"},
        {"q": ["one", "parse a date"]},
        {"q": "in in in"},
    ],
)
def test_says_what_the_view_says(program: APIClient, quick: list[bool], parameters: dict[str, Any]) -> None:
    for _ in range(2):  # new, then kept
        short, whole = program.get(SEARCH, parameters), client_of().get(SEARCH, parameters)
        assert (short.status_code, whole.status_code) == (200, 200)
        first, second = short.json(), whole.json()
        assert list(first) == list(second)
        assert {**first, **dict.fromkeys(VARYING)} == {**second, **dict.fromkeys(VARYING)}
        for name in ("Content-Type", "Allow"):
            assert short[name] == whole[name]
        assert "Accept" in short["Vary"]
        assert short["X-Request-ID"]
    assert quick == [True, False] * 2


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"q": ""},
        {"q": " \t"},
        {"q": "a\0b"},
        {"q": "x" * 3000},
        *({"q": "a", "limit": limit} for limit in ("0", "101", "abc", "-1", "01", "", "1.0", "9" * 40)),
        {"q": "a", "language": "klingon"},
        {"q": "a", "language": ""},
        {"q": "a", "library": "nowhere"},
        {"q": "a", "library": "a\0b"},
        {"q": "a", "lang": "python"},
        {"q": "a", "format": "json"},
    ],
)
def test_leaves_what_is_wrong_to_the_view(program: APIClient, quick: list[bool], parameters: dict[str, Any]) -> None:
    short, whole = program.get(SEARCH, parameters), client_of().get(SEARCH, parameters)
    assert quick == [False, False]
    assert short.status_code == whole.status_code
    first, second = short.json(), whole.json()
    assert {**first, **dict.fromkeys((*VARYING, "request_id"))} == {**second, **dict.fromkeys((*VARYING, "request_id"))}


@pytest.mark.parametrize("method", ["head", "options", "post", "delete"])
def test_other_methods_are_the_views(program: APIClient, quick: list[bool], method: str) -> None:
    getattr(program, method)(f"{SEARCH}?q=a")
    assert quick == [False]


def test_a_type_that_is_not_json_is_refused(program: APIClient, quick: list[bool]) -> None:
    assert program.get(SEARCH, {"q": "a"}, headers={"Accept": "text/csv"}).status_code == 406
    assert quick == [False]


class TestKept:
    """What another process changes of a key that this one keeps. It tells nothing but Valkey."""

    def ask(self, program: APIClient) -> tuple[int, str]:
        response = program.get(SEARCH, {"q": "parse a date"})
        return response.status_code, response.json().get("code", "")

    @pytest.fixture(autouse=True)
    def keep(self, program: APIClient, clock: Clock, quick: list[bool]) -> None:
        assert self.ask(program) == (200, "")
        assert quick == [True]

    def test_one_that_is_revoked_stops_at_once(self, program: APIClient, committed: Any) -> None:
        with committed(execute=True):
            assert revoke_keys(keys=ApiKey.objects.all()) == 1
        assert self.ask(program) == (401, "key_revoked")
        assert self.ask(program) == (401, "key_revoked")

    def test_a_former_secret_stops_at_once(self, program: APIClient, committed: Any) -> None:
        with committed(execute=True):
            rotate_key(key=ApiKey.objects.get())
        assert self.ask(program) == (401, "key_rotated")

    def test_one_whose_owner_is_deactivated_stops_at_once(self, program: APIClient, committed: Any) -> None:
        with committed(execute=True):
            set_active(member=ApiKey.objects.get().user, active=False, by=UserFactory(role=Role.ADMIN))
        assert self.ask(program) == (401, "key_owner_inactive")

    def test_a_change_that_does_not_matter_is_read_and_kept(
        self, program: APIClient, clock: Clock, quick: list[bool], committed: Any
    ) -> None:
        with committed(execute=True):
            set_role(member=ApiKey.objects.get().user, role=Role.CURATOR)
        assert self.ask(program) == (200, "")
        clock.now += authentication.KEPT_SECONDS
        assert self.ask(program) == (200, "")
        assert quick == [True, False, True]

    def test_a_row_that_was_read_while_it_changed_is_not_gone_by(
        self, program: APIClient, clock: Clock, committed: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def find_late(token: Any) -> ApiKey:
            found = find_key(token)
            with committed(execute=True):
                revoke_keys(keys=[found])
            return found

        find_key = authentication.find_key
        clock.now += authentication.KEPT_SECONDS
        monkeypatch.setattr(authentication, "find_key", find_late)
        assert self.ask(program) == (401, "key_revoked")

    def test_while_valkey_is_away_it_is_seen_half_a_second_later(
        self, program: APIClient, clock: Clock, committed: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*args: Any, **kwargs: Any) -> None:
            raise ConnectionError

        away = Counters(SharedCounters(), UsageLedger())
        monkeypatch.setattr(away, "_count_shared", lambda *args: None)
        monkeypatch.setattr(SharedCounters, "change_versions", refuse)
        monkeypatch.setattr(counting, "counters", away)
        with committed(execute=True):
            revoke_keys(keys=ApiKey.objects.all())
        assert self.ask(program) == (200, "")
        clock.now += authentication.KEPT_SECONDS
        assert self.ask(program) == (401, "key_revoked")


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    return django_capture_on_commit_callbacks


class TestTokens:
    """What another process changes of a family whose access token this one keeps."""

    @pytest.fixture(autouse=True)
    def token_clock(self, monkeypatch: pytest.MonkeyPatch) -> Clock:
        clock = Clock()
        kept = LocalTier(size=10, ttl=authentication.KEPT_SECONDS, timer=clock)
        monkeypatch.setattr(keeping, "kept_families", kept)
        return clock

    @pytest.fixture
    def pair(self) -> TokenPair:
        pair = start_family(user=UserFactory())
        pair.family.record_use(timezone.now(), "")
        return pair

    @pytest.fixture
    def ask(self, pair: TokenPair) -> Callable[[], tuple[int, str]]:
        client = APIClient(headers={"Authorization": f"Bearer {pair.access}"})

        def ask() -> tuple[int, str]:
            response = client.get(SEARCH, {"q": "parse a date"})
            return response.status_code, response.json().get("code", "")

        return ask

    @pytest.fixture(autouse=True)
    def keep(self, ask: Callable[[], tuple[int, str]], token_clock: Clock, quick: list[bool]) -> None:
        assert ask() == (200, "")
        assert quick == [True]

    def test_says_what_the_view_says_and_is_counted_with_its_owner(self, pair: TokenPair, quick: list[bool]) -> None:
        client = APIClient(headers={"Authorization": f"Bearer {pair.access}"})
        short, whole = (client.get(SEARCH, {"q": "count_lines"}, headers=more) for more in ({}, {"Accept": "*/*;q=1"}))
        assert quick == [True, True, False]
        first, second = short.json(), whole.json()
        assert {**first, **dict.fromkeys(VARYING)} == {**second, **dict.fromkeys(VARYING)}
        assert [response["RateLimit-Policy"].split(";")[0] for response in (short, whole)] == ['"user"'] * 2
        trace = client.get(f"/api/v1/traces/{first['trace_id']}/")
        assert trace.status_code == 200

    def test_asks_the_database_nothing(
        self, pair: TokenPair, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        settings.INDEX_REFRESH_SECONDS = 60
        client = APIClient(headers={"Authorization": f"Bearer {pair.access}"})
        client.get(SEARCH, {"q": "parse a date"})
        with django_assert_num_queries(0):
            assert client.get(SEARCH, {"q": "parse a date out"}).status_code == 200

    def test_one_that_is_revoked_stops_at_once(self, pair: TokenPair, ask: Any, committed: Any) -> None:
        with committed(execute=True):
            assert revoke_families(families=[pair.family]) == 1
        assert ask() == (401, "token_revoked")
        assert ask() == (401, "token_revoked")

    def test_one_whose_refresh_token_comes_twice_stops_at_once(self, pair: TokenPair, ask: Any, committed: Any) -> None:
        with committed(execute=True):
            refresh_family(refresh=pair.refresh)
            with pytest.raises(TokenRefused):
                refresh_family(refresh=pair.refresh)
        assert ask() == (401, "token_revoked")

    def test_a_new_password_stops_it_at_once(self, pair: TokenPair, ask: Any, committed: Any) -> None:
        with committed(execute=True):
            owner = User.objects.get(pk=pair.family.user_id)
            owner.set_password("another horse 8")
            owner.save()
        assert ask() == (401, "token_revoked")

    def test_one_whose_owner_is_deactivated_stops_at_once(self, pair: TokenPair, ask: Any, committed: Any) -> None:
        with committed(execute=True):
            set_active(member=pair.family.user, active=False, by=UserFactory(role=Role.ADMIN))
        assert ask() == (401, "token_owner_inactive")

    def test_one_that_expires_meanwhile_stops_at_once(
        self, ask: Any, quick: list[bool], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        later = time.time() + api_settings.ACCESS_TOKEN_LIFETIME.total_seconds() + 60
        monkeypatch.setattr(keeping, "time", Mock(time=lambda: later))
        monkeypatch.setattr(jwt.api_jwt, "datetime", Mock(now=lambda tz: datetime.fromtimestamp(later, tz)))
        assert ask() == (401, "token_expired")
        assert quick == [True, False]

    def test_a_change_of_role_is_read_and_kept(
        self, pair: TokenPair, ask: Any, token_clock: Clock, quick: list[bool], committed: Any
    ) -> None:
        with committed(execute=True):
            set_role(member=pair.family.user, role=Role.CURATOR)
        assert ask() == (200, "")
        token_clock.now += authentication.KEPT_SECONDS
        assert ask() == (200, "")
        assert quick == [True, False, True]

    def test_another_persons_is_not_looked_at_again(self, ask: Any, quick: list[bool], committed: Any) -> None:
        with committed(execute=True):
            revoke_families(families=[start_family(user=UserFactory()).family])
        assert ask() == (200, "")
        assert quick == [True, True]

    @pytest.mark.parametrize("text", ["eyJ", "eyJhbGciOiJub25lIn0.e30.", "a.b.c", "ééé.x"])
    def test_what_is_no_token_of_ours_is_the_views(self, quick: list[bool], text: str) -> None:
        client = APIClient(headers={"Authorization": f"Bearer {text}".encode().decode("latin-1")})
        assert client.get(SEARCH, {"q": "parse a date"}).status_code == 401
        assert quick == [True, False]


class TestKeys:
    """What changes of one by no service is seen half a second later at most."""

    @pytest.fixture(autouse=True)
    def let_go(self, program: APIClient, clock: Clock) -> None:
        assert program.get(SEARCH, {"q": "parse a date"}).status_code == 200
        clock.now += authentication.KEPT_SECONDS

    def test_one_that_is_revoked_stops(self, program: APIClient) -> None:
        ApiKey.objects.update(revoked_at=timezone.now())
        response = program.get(SEARCH, {"q": "parse a date"})
        assert (response.status_code, response.json()["code"]) == (401, "key_revoked")

    def test_one_whose_owner_is_deactivated_stops(self, program: APIClient) -> None:
        owner = ApiKey.objects.get().user
        owner.is_active = False
        owner.save()
        assert program.get(SEARCH, {"q": "parse a date"}).json()["code"] == "key_owner_inactive"

    def test_a_scope_that_is_taken_away_is_gone(self, program: APIClient) -> None:
        ApiKey.objects.update(scopes=[EVALUATIONS_READ])
        response = program.get(SEARCH, {"q": "parse a date"})
        assert (response.status_code, response.json()["code"]) == (403, "missing_scope")

    def test_one_that_expires_meanwhile_stops_at_once(
        self, program: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        until = timezone.now() + timedelta(hours=1)
        ApiKey.objects.update(expires_at=until)
        assert program.get(SEARCH, {"q": "parse a date"}).status_code == 200
        monkeypatch.setattr(timezone, "now", lambda: until)
        assert program.get(SEARCH, {"q": "parse a date"}).json()["code"] == "key_expired"

    def test_a_wrong_secret_is_refused(self, program: APIClient) -> None:
        assert program.get(SEARCH, {"q": "parse a date"}).status_code == 200  # and the right one is kept
        header = f"Bearer {ApiKey.objects.get().prefix}_{'x' * 43}"
        response = APIClient(headers={"Authorization": header}).get(SEARCH, {"q": "parse a date"})
        assert (response.status_code, response.json()["code"]) == (401, "key_unknown")

    def test_without_any_the_view_asks_for_one(self, quick: list[bool]) -> None:
        assert APIClient().get(SEARCH, {"q": "parse a date"}).status_code == 401
        assert quick == [False]

    def test_its_use_is_noted(self) -> None:
        ApiKey.objects.all().delete()
        client_with_key(FUNCTIONS_READ, role=Role.VIEWER).get(SEARCH, {"q": "parse a date"})
        assert ApiKey.objects.get().last_used_at


def test_a_new_one_asks_for_nothing_that_is_known(
    program: APIClient, clock: Clock, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.INDEX_REFRESH_SECONDS = 60
    first = program.get(SEARCH, {"q": "parse a date"}).json()
    with django_assert_num_queries(0):
        second = program.get(SEARCH, {"q": "parse a date out"}).json()
    assert second["tier"] != "cache"
    assert [row["key"] for row in first["results"]] == [row["key"] for row in second["results"]]


class TestRepeated:
    def test_reads_the_key_and_nothing_else(
        self, program: APIClient, clock: Clock, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        settings.INDEX_REFRESH_SECONDS = 60
        parameters = {"q": "parse a date", "library": "texts"}
        first = program.get(SEARCH, parameters).json()
        clock.now += authentication.KEPT_SECONDS
        with django_assert_num_queries(1):
            second = program.get(SEARCH, parameters).json()
        assert (first["tier"] != "cache", second["tier"]) == (True, "cache")
        assert (first["results"], first["confidence"]) == (second["results"], second["confidence"])

    def test_an_unsure_answer_stays_unsure(self, program: APIClient) -> None:
        first, second = (program.get(SEARCH, {"q": "date zebra quux unicorn yodel"}).json() for _ in range(2))
        assert (first["answered"], second["answered"], second["tier"]) == (False, False, "cache")
        assert first["results"] == second["results"]
        trace = program.get(f"/api/v1/traces/{second['trace_id']}/").json()
        assert [(step["tier"], step["outcome"]) for step in trace["steps"]] == [("cache", "unsure")]

    def test_each_answer_has_a_trace_and_is_counted(self, program: APIClient) -> None:
        program.get(SEARCH, {"q": "count_lines"})
        labels = {"ladder": "functions.search", "tier": "cache", "answered": "true"}
        before = REGISTRY.get_sample_value("touchstone_answers_total", labels) or 0
        body = program.get(SEARCH, {"q": "count_lines"}).json()
        assert REGISTRY.get_sample_value("touchstone_answers_total", labels) == before + 1
        trace = client_of(Role.ADMIN).get(f"/api/v1/traces/{body['trace_id']}/").json()
        assert (trace["tier"], trace["results"]) == ("cache", [row["key"] for row in body["results"]])

    def test_its_trace_is_for_who_asked_and_for_admins(self, program: APIClient) -> None:
        trace_id = program.get(SEARCH, {"q": "count_lines"}).json()["trace_id"]
        trace = program.get(f"/api/v1/traces/{trace_id}/")
        assert (trace.status_code, "user_id" in trace.json()) == (200, False)
        for role, status in ((Role.VIEWER, 404), (Role.CURATOR, 404), (Role.ADMIN, 200)):
            assert client_of(role).get(f"/api/v1/traces/{trace_id}/").status_code == status

    def test_another_process_finds_the_trace(self, program: APIClient) -> None:
        trace_id = program.get(SEARCH, {"q": "count_lines"}).json()["trace_id"]
        traces = searching.get_cache("functions.traces")
        assert traces._behind is not None
        traces._behind.flush()
        traces.local.clear()
        assert client_of(Role.ADMIN).get(f"/api/v1/traces/{trace_id}/").json()["trace_id"] == trace_id

    @pytest.mark.django_db(transaction=True)
    def test_an_edited_function_is_shown_as_it_is_now(self, program: APIClient) -> None:
        program.get(SEARCH, {"q": "count_lines"})
        Function.objects.filter(name="count_lines").update(signature="count_lines(path, *, blank)")
        [first, *_] = program.get(SEARCH, {"q": "count_lines"}).json()["results"]
        assert first["signature"] == "count_lines(path, *, blank)"

    def test_a_renamed_library_is_shown_as_it_is_now(self, program: APIClient) -> None:
        library = Function.objects.get(name="count_lines").library
        program.get(SEARCH, {"q": "count_lines"})
        library.name = "prose"
        library.save()
        assert program.get(SEARCH, {"q": "count_lines"}).json()["results"][0]["library"] == "prose"

    def test_a_deleted_function_is_shown_no_more(self, program: APIClient) -> None:
        assert program.get(SEARCH, {"q": "count_lines"}).json()["results"][0]["name"] == "count_lines"
        Function.objects.filter(name="count_lines").delete()
        assert "count_lines" not in [row["name"] for row in program.get(SEARCH, {"q": "count_lines"}).json()["results"]]
