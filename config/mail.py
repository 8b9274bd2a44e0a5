"""Django's e-mail settings from one address."""

from email.utils import parseaddr
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

TIMEOUT_SECONDS = 10
YES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def mail_settings(url: str, sender: str) -> dict[str, Any]:
    """`url` is smtp://user:password@host:587?tls=1 (or ssl=1); without one nothing is sent. Raises ValueError."""
    settings: dict[str, Any] = {"DEFAULT_FROM_EMAIL": sender, "SERVER_EMAIL": sender}
    if not url:
        return {**settings, "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    parts = urlsplit(url)
    if parts.scheme != "smtp" or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("must be like smtp://user:password@host:587?tls=1")
    options = _read_options(parts.query)
    return {
        **settings,
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": _read_port(parts.netloc) or (465 if options["ssl"] else 587 if options["tls"] else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": options["tls"],
        "EMAIL_USE_SSL": options["ssl"],
        "EMAIL_TIMEOUT": TIMEOUT_SECONDS,
    }


def check_sender(sender: str) -> str:
    """Raises ValueError for what is neither `name@host` nor `Name <name@host>`."""
    _, address = parseaddr(sender)
    mailbox, _, host = address.rpartition("@")
    if not (mailbox and host and sender.isprintable()) or " " in address or address not in sender:
        raise ValueError("must be an address such as Touchstone <touchstone@example.com>")
    return sender


def _read_options(query: str) -> dict[str, bool]:
    options = {"tls": False, "ssl": False}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in options or value.lower() not in YES:
            raise ValueError("takes only ?tls=1 or ?ssl=1 after the host")
        options[name] = YES[value.lower()]
    if all(options.values()):
        raise ValueError("takes tls=1 or ssl=1, not both")
    return options


def _read_port(netloc: str) -> int | None:
    try:
        port = urlsplit(f"//{netloc}").port
    except ValueError as error:
        raise ValueError("has a port that is none") from error
    if port == 0:
        raise ValueError("has a port that is none")
    return port
