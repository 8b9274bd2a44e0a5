import pytest

from config.mail import check_sender, mail_settings
from tests.core.test_env import PRODUCTION, load_settings

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password", "tls", "ssl"),
    [
        ("smtp://mail.example", "mail.example", 25, "", "", False, False),
        (
            "smtp://me%40a.example:p%3Aw%2F@mail.example:2525/",
            "mail.example",
            2525,
            "me@a.example",
            "p:w/",
            False,
            False,
        ),
        ("smtp://mail.example?tls=1", "mail.example", 587, "", "", True, False),
        ("smtp://mail.example?ssl=true", "mail.example", 465, "", "", False, True),
        ("smtp://[::1]:25?tls=0", "::1", 25, "", "", False, False),
    ],
)
def test_an_address_becomes_settings(url, host, port, user, password, tls, ssl):
    made = mail_settings(url, "a@b.example")
    assert made["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (made["EMAIL_HOST"], made["EMAIL_PORT"]) == (host, port)
    assert (made["EMAIL_HOST_USER"], made["EMAIL_HOST_PASSWORD"]) == (user, password)
    assert (made["EMAIL_USE_TLS"], made["EMAIL_USE_SSL"]) == (tls, ssl)
    assert made["EMAIL_TIMEOUT"] > 0
    assert made["DEFAULT_FROM_EMAIL"] == made["SERVER_EMAIL"] == "a@b.example"


def test_without_one_nothing_is_sent():
    assert mail_settings("", "a@b.example")["EMAIL_BACKEND"].endswith("dummy.EmailBackend")


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://mail.example/inbox",
        "smtp://mail.example:99999",
        "smtp://mail.example:0",
        "smtp://mail.example?tls=1&ssl=1",
        "smtp://mail.example?tls=perhaps",
        "smtp://mail.example?timeout=3",
        "smtp://[::1",
    ],
)
def test_a_wrong_address_is_refused(url):
    with pytest.raises(ValueError, match=r"must|takes|has|Invalid"):
        mail_settings(url, "a@b.example")


@pytest.mark.parametrize("sender", ["touchstone@localhost", "Touchstone <t@example.com>", '"T, S" <t@example.com>'])
def test_a_sender_is_an_address(sender):
    assert check_sender(sender) == sender


@pytest.mark.parametrize(
    "sender", ["", "touchstone", "@host", "t@", "a@b.example\nBcc: c@d.example", "Touch t@x.example"]
)
def test_what_is_no_sender_is_refused(sender):
    with pytest.raises(ValueError, match="must be an address"):
        check_sender(sender)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [("EMAIL_URL", "smtp://me:hunter2@mail.example?x=1", "takes only"), ("EMAIL_FROM", "nobody", "must be an address")],
)
def test_a_wrong_setting_ends_the_start_with_its_name_and_without_the_password(name, value, reason):
    done = load_settings("prod", **{**PRODUCTION, name: value})
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert f"setting {name} " in done.stderr
    assert reason in done.stderr
    assert "hunter2" not in done.stderr


def test_the_settings_take_it_up():
    probe = "print(s.EMAIL_ENABLED, s.EMAIL_HOST, s.EMAIL_PORT, s.DEFAULT_FROM_EMAIL)"
    done = load_settings("prod", probe, **PRODUCTION, EMAIL_URL="smtp://mail.example?tls=1", EMAIL_FROM="a@b.example")
    assert done.stdout.strip() == "True mail.example 587 a@b.example"
