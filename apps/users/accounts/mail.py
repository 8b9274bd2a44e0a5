"""Messages of accounts: their links lead to SITE_URL, whatever host a request named."""

from smtplib import SMTPException
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from apps.core.afterwards import do_afterwards

log = structlog.get_logger(__name__)


def on_site(address: str) -> str:
    """The same place under SITE_URL: `/x/?y` or `http://forged/x/?y` as `https://touchstone.example/x/?y`."""
    parts = urlsplit(address)
    return f"{settings.SITE_URL}{parts.path}{f'?{parts.query}' if parts.query else ''}"


def keep_mail(request: HttpRequest, message: EmailMessage) -> None:
    """Has the message sent once the answer is: how long an answer takes must not tell whether one is sent."""
    kept: list[EmailMessage] = request.__dict__.setdefault("kept_mail", [])
    kept.append(message)


def send_kept_mail(request: HttpRequest, response: HttpResponseBase) -> None:
    for message in request.__dict__.pop("kept_mail", []):
        do_afterwards(response, message.send)


def send_mail(template: str, to: str, **context: object) -> bool:
    """Sends `templates/<template>_subject.txt` and `_message.txt` now; False where that cannot be done."""
    if not settings.EMAIL_ENABLED:
        return False
    context = {"site_url": settings.SITE_URL, **context}
    subject = " ".join(render_to_string(f"{template}_subject.txt", context).split())
    body = render_to_string(f"{template}_message.txt", context).strip()
    try:
        EmailMessage(subject, f"{body}\n", to=[to]).send()
    except (SMTPException, OSError) as error:
        log.warning("mail_not_sent", template=template, error=str(error))
        return False
    return True
