"""What tests of accounts do over and over."""

import re
import time
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from apps.users.models import User
from tests.users.factories import PASSWORD

LOGIN, CODE = "/account/login/", "/account/second-factor/code/"
NEW_PASSWORD = "another horse 8"


def sign_in(client: Client, user: User, password: str = PASSWORD, **more: str) -> Any:
    return client.post(LOGIN, {"login": user.email, "password": password, **more})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def prove_again(client: Client) -> None:
    """Gives the password once more, which what concerns the account's safety asks for."""
    assert client.post("/account/reauthenticate/?next=/account/", {"password": PASSWORD}).status_code == 302


def give_totp(user: User) -> str:
    """The secret of an authenticator app that was set up a while ago."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    Authenticator.objects.filter(user=user).update(created_at=timezone.now() - timedelta(minutes=10))
    return secret


def give_recovery_codes(user: User) -> list[str]:
    return RecoveryCodes.activate(user).get_unused_codes()


def code_of(secret: str, periods: int = 0) -> str:
    """The code of the present period, or of one so many later."""
    step = int(time.time()) // 30 + periods
    return format_hotp_value(hotp_value(secret, step))


def link_in(message: EmailMessage) -> str:
    """The path of the link in a message, which must lead to this site."""
    found = re.search(r"https?://\S+/account/\S+", str(message.body))
    assert found is not None
    assert found[0].startswith(settings.SITE_URL)
    return found[0].removeprefix(settings.SITE_URL)
