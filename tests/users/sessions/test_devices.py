import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.users.sessions.devices import describe_device

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0 Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 15) {WEBKIT} Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14) AppleWebKit/605 Version/18 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (iPad; CPU OS 18 like Mac OS X) AppleWebKit/605 CriOS/140 Mobile Safari/605", "Chrome on iPad"),
        ("curl/8.5.0", "curl"),
        ("Something (X11; Linux)", "A browser on Linux"),
        ("", "Unknown browser"),
    ],
)
def test_says_it_in_words(agent: str, words: str) -> None:
    assert describe_device(agent) == words


@given(st.text(max_size=300))
def test_never_repeats_what_was_sent(agent: str) -> None:
    assert len(describe_device(agent)) < 40
