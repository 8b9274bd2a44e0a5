"""Webhooks: signed, and only to addresses that a stranger may name; `WEBHOOK_PRIVATE_NETWORKS` lifts that."""

import hashlib
import hmac
from urllib.parse import urlsplit

from django.conf import settings

from apps.core.errors import InvalidInput
from apps.core.outgoing import NotReached, UrlRefused, ask, check_url
from apps.core.secrets.fields import UnreadableText
from apps.evaluations.models import Schedule

UNREADABLE_PLACE = "a webhook that cannot be read"
WORTH_RETRYING = frozenset({408, 425, 429})


class NotDelivered(Exception):
    """The message did not get there. `for_good` says that another attempt would not help."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


def sign_body(secret: str, body: bytes, at: int) -> str:
    """The header's value, `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`; the time keeps a message from replay."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def find_place(url: str) -> str:
    """The part of an address that tells no secret: `https://hooks.example.com/`; that it cannot be read, if so."""
    if isinstance(url, UnreadableText):
        return UNREADABLE_PLACE
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def find_problem(schedule: Schedule) -> str:
    """Why the schedule's webhook cannot be told anything; "" where it can."""
    kept = {"address": schedule.webhook_url, "secret": schedule.webhook_secret}
    lost = " and ".join(name for name, text in kept.items() if isinstance(text, UnreadableText))
    return f"The webhook's {lost} cannot be read with SECRETS_KEYS: enter it again in the schedule." if lost else ""


def post_webhook(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Posts `body`; the status of the answer when it is a success. Raises NotDelivered otherwise."""
    try:
        answer = ask("POST", url, body=body, headers=headers, allow_inner=settings.WEBHOOK_PRIVATE_NETWORKS)
    except NotReached as error:
        raise NotDelivered(str(error), for_good=error.for_good) from error
    host = urlsplit(url).hostname
    if 300 <= answer.status < 400:
        raise NotDelivered(f"{host} answered {answer.status}: redirects are not followed", for_good=True)
    if not 200 <= answer.status < 300:
        for_good = 400 <= answer.status < 500 and answer.status not in WORTH_RETRYING
        raise NotDelivered(f"{host} answered {answer.status}", for_good=for_good)
    return answer.status


def check_webhook_url(url: str) -> str:
    """The address without blanks around it. Raises InvalidInput naming `webhook_url`; names are resolved on sending."""
    if not url.strip():
        return ""
    try:
        return check_url(url, allow_inner=settings.WEBHOOK_PRIVATE_NETWORKS)
    except UrlRefused as error:
        raise InvalidInput({"webhook_url": str(error)}) from error
