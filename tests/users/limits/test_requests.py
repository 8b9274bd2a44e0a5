"""Limits as they are seen over HTTP: by key, person and address, on the API, pages and the short way of search."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from redis.exceptions import ConnectionError

from apps.core.threads import BackgroundThread
from apps.users.jwt.services import start_family
from apps.users.limits import counting
from apps.users.limits.budgets import UsageLedger
from apps.users.limits.counting import Counters
from apps.users.limits.shared import SharedCounters
from apps.users.models import ApiKey, User
from apps.users.tokens import Token, new_token
from tests.users.factories import ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ME = "/api/v1/me/"
SEARCH = "/api/v1/functions/search/?q=lines"
DOCS = "/api/v1/docs/"
LIMIT = re.compile(r'"(\w+)";r=(\d+);t=(\d+)')


@pytest.fixture(autouse=True)
def counters(monkeypatch: pytest.MonkeyPatch) -> UsageLedger:
    """Of this test alone, which writes nothing behind its end."""
    monkeypatch.setattr(BackgroundThread, "start", lambda self: None)
    usage = UsageLedger()
    monkeypatch.setattr(counting, "counters", Counters(SharedCounters(), usage))
    return usage


@pytest.fixture
def token() -> Token:
    return new_token()


@pytest.fixture
def few(settings: Settings) -> None:
    settings.LIMIT_KEY_PER_MINUTE = 3
    settings.LIMIT_USER_PER_MINUTE = 2
    settings.LIMIT_ADDRESS_PER_MINUTE = 2


def ask(client: Client, token: object, path: str = ME, **more: Any) -> Any:
    return client.get(path, HTTP_AUTHORIZATION=f"Bearer {token}", **more)


def statuses(times: int, *what: Any, **more: Any) -> list[int]:
    return [ask(*what, **more).status_code for _ in range(times)]


def an_address() -> str:
    """One that no other test uses."""
    number = UserFactory().pk
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


class TestKey:
    def test_its_own_limit_outweighs_that_of_any(self, client: Client, token: Token, few: None) -> None:
        ApiKeyFactory(token=token, requests_per_minute=5)
        assert statuses(6, client, token) == [200] * 5 + [429]

    def test_without_one_that_of_any_holds(self, client: Client, token: Token, few: None) -> None:
        ApiKeyFactory(token=token)
        assert statuses(4, client, token) == [200] * 3 + [429]

    def test_a_refusal_says_how_long_to_wait(self, client: Client, token: Token) -> None:
        ApiKeyFactory(token=token, requests_per_minute=1)
        ask(client, token)
        response = ask(client, token)
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "rate_limited"
        assert "More than 1 requests in a minute came from this key." in response.json()["detail"]
        assert 1 <= int(response["Retry-After"]) <= 61
        assert LIMIT.fullmatch(response["RateLimit"])[2] == "0"

    def test_answers_say_how_it_stands(self, client: Client, token: Token) -> None:
        ApiKeyFactory(token=token, requests_per_minute=60, requests_per_month=1000)
        for left in (59, 58):
            response = ask(client, token)
            assert re.fullmatch(r'"key";q=60;w=60, "budget";q=1000;w=\d+', response["RateLimit-Policy"])
            stands = {kind: int(remaining) for kind, remaining, _ in LIMIT.findall(response["RateLimit"])}
            assert stands == {"key": left, "budget": 940 + left}

    def test_each_key_has_its_own(self, client: Client) -> None:
        user, tokens = UserFactory(), [new_token(), new_token()]
        for token in tokens:
            ApiKeyFactory(token=token, user=user, requests_per_minute=1)
            assert ask(client, token).status_code == 200

    def test_what_is_not_allowed_counts_too(self, client: Client, token: Token) -> None:
        ApiKeyFactory(token=token, requests_per_minute=2)
        assert statuses(3, client, token, "/api/v1/keys/") == [403, 403, 429]

    def test_a_spent_budget_says_when_it_renews(self, client: Client, token: Token) -> None:
        ApiKeyFactory(token=token, requests_per_month=2)
        assert statuses(2, client, token) == [200, 200]
        response = ask(client, token)
        assert (response.status_code, response.json()["code"]) == (429, "budget_spent")
        assert re.search(r"renew on \d{4}-\d\d-01 at midnight UTC", response.json()["detail"])
        assert 0 < int(response["Retry-After"]) <= 31 * 86_400


class TestPerson:
    def test_sessions_and_tokens_count_together(self, client: Client, few: None) -> None:
        user = UserFactory()
        access = start_family(user=user).access
        client.force_login(user)
        assert client.get(ME).status_code == 200
        assert statuses(2, Client(), access) == [200, 429]
        assert client.get(ME)["RateLimit-Policy"] == '"user";q=2;w=60'

    def test_pages_count_too_and_say_so_in_words(self, client: Client, few: None) -> None:
        client.force_login(UserFactory())
        responses = [client.get("/account/keys/", headers={"Accept": "text/html"}) for _ in range(3)]
        assert [response.status_code for response in responses] == [200, 200, 429]
        assert "came from your account" in responses[2].content.decode()
        assert responses[2]["Content-Type"].startswith("text/html")
        assert int(responses[2]["Retry-After"]) >= 1
        assert responses[0]["RateLimit-Policy"] == '"user";q=2;w=60'

    def test_a_person_and_their_key_are_two(self, client: Client, token: Token, few: None) -> None:
        key = ApiKeyFactory(token=token)
        statuses(4, client, token)
        client.force_login(key.user)
        assert client.get(ME).status_code == 200


class TestAddress:
    def test_who_is_not_signed_in_counts_by_address(self, few: None) -> None:
        first, second = Client(REMOTE_ADDR=an_address()), Client(REMOTE_ADDR=an_address())
        assert [first.get(DOCS).status_code for _ in range(3)] == [200, 200, 429]
        assert second.get(DOCS).status_code == 200

    def test_guessed_keys_and_tokens_count(self, few: None) -> None:
        client = Client(REMOTE_ADDR=an_address())
        assert statuses(3, client, new_token()) == [401, 401, 429]
        client = Client(REMOTE_ADDR=an_address())
        assert statuses(3, client, "a.b.c") == [401, 401, 429]

    def test_signing_in_counts(self, few: None) -> None:
        client = Client(REMOTE_ADDR=an_address())
        body = {"email": "nobody@example.com", "password": "wrong"}
        tries = [client.post("/api/v1/auth/token/", body, content_type="application/json") for _ in range(3)]
        assert [response.status_code for response in tries] == [401, 401, 429]
        assert tries[2].json()["code"] == "rate_limited"

    def test_neighbours_in_one_ipv6_network_are_one(self, few: None) -> None:
        network = f"2001:db8:{UserFactory().pk:x}"
        clients = [Client(REMOTE_ADDR=f"{network}::{last}") for last in (1, 2, 3)]
        assert [client.get(DOCS).status_code for client in clients] == [200, 200, 429]

    def test_a_header_that_anybody_can_write_gives_no_new_start(self, few: None) -> None:
        address = an_address()
        clients = [Client(REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR=f"192.0.2.{last}") for last in (1, 2, 3)]
        assert [client.get(DOCS).status_code for client in clients] == [200, 200, 429]

    def test_a_program_with_a_dead_key_keeps_nobody_from_signing_in(self, few: None) -> None:
        client = Client(REMOTE_ADDR=an_address())
        assert statuses(3, client, new_token()) == [401, 401, 429]
        assert client.get("/account/login/").status_code == 200

    @pytest.mark.parametrize("path", ["/health/live", "/metrics"])
    def test_what_machines_ask_is_free(self, few: None, path: str, settings: Settings) -> None:
        client = Client(REMOTE_ADDR=an_address())
        settings.METRICS_NETWORKS = ["0.0.0.0/0", "::/0"]
        assert {client.get(path).status_code for _ in range(3)} == {200}


class TestShortWay:
    def test_it_counts_like_the_view(self, client: Client, token: Token) -> None:
        ApiKeyFactory(token=token, requests_per_minute=3)
        short = ask(client, token, SEARCH)
        whole = ask(client, token, f"{SEARCH}&format=json")
        for response, left in ((short, 2), (whole, 1)):
            assert response["RateLimit-Policy"] == '"key";q=3;w=60'
            assert LIMIT.fullmatch(response["RateLimit"])[2] == str(left)
        assert statuses(2, client, token, SEARCH) == [200, 429]

    def test_a_question_that_is_refused_counts_once(self, client: Client, token: Token) -> None:
        ApiKeyFactory(token=token, requests_per_minute=10)
        response = ask(client, token, f"{SEARCH}&library=nowhere")
        assert response.status_code == 400
        assert LIMIT.fullmatch(response["RateLimit"])[2] == "9"

    def test_a_refusal_is_a_problem(self, client: Client, token: Token) -> None:
        ApiKeyFactory(token=token, requests_per_month=1)
        assert statuses(2, client, token, SEARCH) == [200, 429]
        assert ask(client, token, SEARCH).json()["code"] == "budget_spent"


class TestAway:
    """Valkey is cut off: nothing fails, and nothing is without limit."""

    @pytest.fixture(autouse=True)
    def cut(self, monkeypatch: pytest.MonkeyPatch, counters: UsageLedger) -> None:
        def fail(*args: Any) -> None:
            raise ConnectionError("gone")

        monkeypatch.setattr("apps.users.limits.shared.send", fail)

    @pytest.mark.parametrize("path", [ME, SEARCH])
    def test_keys_are_limited_all_the_same(self, client: Client, token: Token, path: str) -> None:
        ApiKeyFactory(token=token, requests_per_minute=3)
        assert statuses(5, client, token, path) == [200] * 3 + [429] * 2

    def test_people_and_addresses_are_too(self, client: Client, few: None) -> None:
        client.force_login(UserFactory())
        assert [client.get(ME).status_code for _ in range(3)] == [200, 200, 429]
        stranger = Client(REMOTE_ADDR=an_address())
        assert [stranger.get("/account/login/").status_code for _ in range(3)] == [200, 200, 429]


class TestNetworks:
    def test_a_key_is_good_from_its_networks_alone(self, token: Token) -> None:
        ApiKeyFactory(token=token, networks=["192.0.2.0/24", "2001:db8::/32"])
        for address in ("192.0.2.200", "2001:db8::7", "::ffff:192.0.2.1"):
            assert ask(Client(REMOTE_ADDR=address), token).status_code == 200
        for address in ("192.0.3.1", "2001:db9::1", ""):
            response = ask(Client(REMOTE_ADDR=address), token)
            assert (response.status_code, response.json()["code"]) == (401, "key_network")

    def test_the_short_way_asks_as_well(self, token: Token) -> None:
        ApiKeyFactory(token=token, networks=["192.0.2.0/24"])
        assert ask(Client(REMOTE_ADDR="192.0.2.1"), token, SEARCH).status_code == 200
        assert ask(Client(REMOTE_ADDR="192.0.3.1"), token, SEARCH).json()["code"] == "key_network"

    def test_a_wrong_secret_does_not_learn_of_them(self, token: Token) -> None:
        ApiKeyFactory(token=token, networks=["192.0.2.0/24"])
        guess = f"{token.prefix}_{new_token().secret}"
        assert ask(Client(REMOTE_ADDR="192.0.3.1"), guess).json()["code"] == "key_unknown"

    def test_the_last_use_says_from_where(self, token: Token) -> None:
        ApiKeyFactory(token=token)
        ask(Client(REMOTE_ADDR="192.0.2.44"), token)
        assert ApiKey.objects.get().last_used_from == "192.0.2.44"


def test_requests_of_nobody_are_counted_under_no_user(few: None) -> None:
    assert not User.objects.exists()
    response = Client(REMOTE_ADDR="198.51.100.1").get(DOCS)
    assert response["RateLimit-Policy"] == '"address";q=2;w=60'
