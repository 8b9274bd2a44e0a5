import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from apps.core.live.origins import is_ours, read_origin

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def site(settings: Settings) -> None:
    settings.SITE_URL = "https://touchstone.example"
    settings.ALLOWED_HOSTS = ["touchstone.example", "live.example", "10.0.0.7", "[::1]"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.trusted.example:8443"]
    settings.SESSION_COOKIE_SECURE = False


def judge(origin: str | None, host: str = "touchstone.example:8001") -> bool:
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    return is_ours({"headers": headers})


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://touchstone.example", "touchstone.example:8001"),
        ("https://touchstone.example:443", "live.example"),
        ("https://touchstone.example", "live.example"),
        ("http://10.0.0.7:8000", "10.0.0.7:8001"),
        ("http://[::1]:8000", "[::1]:8001"),
        ("https://a.trusted.example:8443", "live.example"),
    ],
)
def test_our_pages_may(origin: str, host: str) -> None:
    assert judge(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "touchstone.example:8001"),
        ("", "touchstone.example:8001"),
        ("null", "touchstone.example:8001"),
        ("https://evil.example", "touchstone.example:8001"),
        ("https://touchstone.example.evil.example", "touchstone.example:8001"),
        ("https://evil.example#touchstone.example", "touchstone.example:8001"),
        ("https://touchstone.example@evil.example", "touchstone.example:8001"),
        ("https://eviltouchstone.example", "touchstone.example:8001"),
        ("file://touchstone.example", "touchstone.example:8001"),
        ("https://touchstone.example/path", "touchstone.example:8001"),
        ("https://touchstone.example:99999", "touchstone.example:8001"),
        ("http://10.0.0.7:8000", "touchstone.example:8001"),
        ("http://evil.example", "evil.example:8001"),
        ("https://touchstone.example", "evil.example"),
        ("https://touchstone.example", ""),
        ("https://trusted.example:8443", "live.example"),
        ("https://a.trusted.example", "live.example"),
        ("https://eviltrusted.example:8443", "live.example"),
        ("http://touchstone.example", "live.example"),
    ],
)
def test_others_may_not(origin: str | None, host: str) -> None:
    assert not judge(origin, host)


def test_a_page_without_tls_may_not_where_cookies_need_it(settings: Settings) -> None:
    assert judge("http://10.0.0.7:8000", "10.0.0.7:8001")
    settings.SESSION_COOKIE_SECURE = True
    assert not judge("http://10.0.0.7:8000", "10.0.0.7:8001")


def test_two_origins_are_none() -> None:
    ours = (b"origin", b"https://touchstone.example")
    assert not is_ours({"headers": [(b"host", b"touchstone.example"), ours, ours]})


@given(st.text(), st.text(max_size=20))
def test_whatever_is_sent_is_judged(origin: str, host: str) -> None:
    read_origin(origin)
    sent = b"\xff" + origin.encode("utf-8", "replace")
    assert not is_ours({"headers": [(b"host", host.encode("utf-8", "replace")), (b"origin", sent)]})
