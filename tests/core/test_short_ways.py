"""Ways past most of the middleware: what they keep, and what goes on to the view."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from prometheus_client import REGISTRY
from pytest_django import Settings

from apps.core import short_ways

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

LIVE = "/health/live"
VIEW = {"view": "live", "method": "GET"}
COUNTED = (
    ("django_http_requests_total_by_method_total", {"method": "GET"}),
    ("django_http_requests_total_by_transport_total", {"transport": "http"}),
    ("django_http_requests_total_by_view_transport_method_total", {**VIEW, "transport": "http"}),
    ("django_http_responses_total_by_status_total", {"status": "200"}),
    ("django_http_responses_total_by_status_view_method_total", {**VIEW, "status": "200"}),
    ("django_http_responses_total_by_charset_total", {"charset": "utf-8"}),
    ("django_http_requests_body_total_bytes_count", {}),
    ("django_http_responses_body_total_bytes_count", {}),
    ("django_http_requests_latency_seconds_by_view_method_count", VIEW),
    ("django_http_requests_before_middlewares_total", {}),
    ("django_http_requests_latency_including_middlewares_seconds_count", {}),
)


def answer_short(request: HttpRequest) -> HttpResponse | None:
    return HttpResponse(b"short", headers={"Vary": "Accept"}) if "long" not in request.GET else None


def fail(request: HttpRequest) -> HttpResponse | None:
    raise RuntimeError("broken")


@pytest.fixture
def open_way(settings: Settings) -> Any:
    def open_to(answer: Callable[..., Any], path: str = LIVE) -> None:
        settings.SHORT_WAYS = {path: f"{__name__}.{answer.__name__}"}
        short_ways.find_way.cache_clear()

    yield open_to
    short_ways.find_way.cache_clear()


def test_it_answers_its_path_and_no_other(client: Client, open_way: Any) -> None:
    open_way(answer_short)
    assert client.get(LIVE).content == b"short"
    assert client.get("/health/ready").content != b"short"


def test_what_it_leaves_is_the_views(client: Client, open_way: Any) -> None:
    plain = client.get(LIVE, {"long": 1})
    open_way(answer_short)
    assert client.get(LIVE, {"long": 1}).content == plain.content


def test_an_answer_has_an_id_and_its_length_and_is_safe_in_a_browser(client: Client, open_way: Any) -> None:
    plain = client.get(LIVE)
    open_way(answer_short)
    short = client.get(LIVE, headers={"X-Request-ID": "abc-1"})
    assert (short["X-Request-ID"], short["Content-Length"], short["Vary"]) == ("abc-1", "5", "Accept")
    assert "default-src 'none'" in short["Content-Security-Policy"]
    for name in ("X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy"):
        assert short[name] == plain[name]


def test_an_answer_is_counted_as_one_of_the_view(client: Client, open_way: Any) -> None:
    def read() -> list[float]:
        return [REGISTRY.get_sample_value(name, labels) or 0 for name, labels in COUNTED]

    start = read()
    client.get(LIVE)
    by_view = read()
    open_way(answer_short)
    assert client.get(LIVE).content == b"short"
    assert [after - before for before, after in zip(by_view, read(), strict=True)] == [1] * len(COUNTED)
    assert [after - before for before, after in zip(start, by_view, strict=True)] == [1] * len(COUNTED)


def test_a_process_without_the_view_has_no_way(client: Client, open_way: Any) -> None:
    open_way(answer_short, "/no-such-page/")
    assert client.get("/no-such-page/").status_code == 404


def test_a_host_that_is_not_ours_is_refused(client: Client, open_way: Any) -> None:
    open_way(answer_short)
    assert client.get(LIVE, headers={"Host": "evil.example"}).status_code == 400


def test_one_that_fails_is_an_error_like_any_other(client: Client, open_way: Any) -> None:
    open_way(fail)
    client.raise_request_exception = False
    response = client.get(LIVE, headers={"Accept": "application/json"})
    assert (response.status_code, response.json()["code"]) == (500, "server_error")


@pytest.mark.parametrize("secure", [False, True])
def test_https_is_asked_for_before_it(client: Client, open_way: Any, settings: Settings, secure: bool) -> None:
    settings.SECURE_SSL_REDIRECT = True
    open_way(answer_short)
    client.handler.load_middleware()
    assert (client.get(LIVE, secure=secure).status_code == 200) == secure
