import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.outgoing import UrlRefused, check_url

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "url",
    [
        "", "ftp://example.com/", "javascript:alert(1)", "file:///etc/passwd", "gopher://example.com/",
        "//example.com/", "http://", "http://example.com:99999/", "http://example.com:0/", "http://exa mple.com/", "http://[::1",
        "http://example.com/\r\nX-Evil: 1", "http://" + "a" * 500 + ".example/", "http://2130706433/",
        "http://exämple.com/",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(UrlRefused, match="is no address such as"):
        check_url(url, allow_inner=False)


@pytest.mark.parametrize("url", ["https://me:secret@example.com/", "https://me@example.com/", "https://:@example.com/"])
def test_a_name_and_password_are_refused(url):
    with pytest.raises(UrlRefused):
        check_url(url, allow_inner=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254", "0.0.0.0"])
def test_an_inner_address_written_out_is_refused(host):
    with pytest.raises(UrlRefused, match="private, local or reserved"):
        check_url(f"http://{host}/", allow_inner=False)


def test_good_addresses_are_taken():
    assert check_url(" https://a.example.com:8443/a?b=c ", allow_inner=False) == "https://a.example.com:8443/a?b=c"
    assert check_url("http://8.8.8.8/x", allow_inner=False) == "http://8.8.8.8/x"
    for url in ("http://chat:8065/hooks/x", "http://[::1]:80/", "http://10.0.0.1/"):
        assert check_url(url, allow_inner=True) == url


@given(st.text(max_size=60), st.booleans())
def test_anything_is_taken_or_refused(text, allow_inner):
    for url in (text, f"http://{text}", f"https://example.com/{text}"):
        try:
            taken = check_url(url, allow_inner=allow_inner)
        except UrlRefused:
            continue
        assert taken.lower().startswith(("http://", "https://"))
        assert taken.isascii()
        assert taken.isprintable()
