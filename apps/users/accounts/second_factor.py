"""Codes of a second factor: who must have one, and taking each code once.

allauth remembers used codes in a cache for one period; here the last step is kept with the secret, so that a code is
taken once also while the cache is away, and for all the periods in which it is good.
"""

import math
import time
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code, normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import transaction

from apps.core.secrets import SecretUnreadable
from apps.users.models import User
from apps.users.roles import STAFF_ROLES

# Counted wherever they come from: only who has the password gets this far, so nobody can lock a stranger out with it.
MAX_WRONG = 20
WINDOW_SECONDS = 3600
UNREADABLE_FACTOR = "What is kept of this second factor cannot be read: an admin can remove it, then set it up again."
CODES = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


class TooManyCodes(Exception):
    """So many were wrong that none is looked at for `wait` seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"No code is looked at for {wait} seconds.")
        self.wait = wait


def has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def must_have_second_factor(user: User) -> bool:
    required = settings.REQUIRE_SECOND_FACTOR
    return required == "all" or (required == "staff" and user.role in STAFF_ROLES)


def take_code(user: User, code: str) -> Authenticator | None:
    """The authenticator whose code it is, which is used up with that; None for a wrong one.

    Raises TooManyCodes, and SecretUnreadable where it might be the code of one whose secret cannot be read.
    """
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update().filter(user=user, type__in=CODES)
        found = sorted(rows, key=lambda row: CODES.index(row.type))
        if not found:
            return None
        now = time.time()
        wrong = [at for at in found[0].data.get("wrong", []) if at > now - WINDOW_SECONDS]
        if len(wrong) >= MAX_WRONG:
            raise TooManyCodes(math.ceil(wrong[-MAX_WRONG] + WINDOW_SECONDS - now))
        taken = find_taken(found, code)
        found[0].refresh_from_db(fields=["data"])
        found[0].data["wrong"] = [] if taken else [*wrong, now]
        found[0].save(update_fields=["data"])
    return taken


def find_taken(rows: list[Authenticator], code: str) -> Authenticator | None:
    """The first whose code it is. Raises SecretUnreadable where it may be one of those that cannot be read."""
    lost: SecretUnreadable | None = None
    for row in rows:
        try:
            if use_code(row, code):
                return row
        except SecretUnreadable as error:
            # A wrong code of an app that can be read is counted, whatever else is lost.
            if row.type == type_of_code(code):
                lost = error
    if lost:
        raise lost
    return None


def use_code(row: Authenticator, code: str) -> bool:
    if row.type == Authenticator.Type.RECOVERY_CODES:
        return bool(row.wrap().validate_code(code))
    step = find_step(decrypt(row.data["secret"]), code)
    if step is None or step <= last_step(row):
        return False
    row.data["last_step"] = step
    row.save(update_fields=["data"])
    return True


def type_of_code(code: str) -> str:
    """What it would be a code of: those of an app are shorter than recovery codes."""
    is_of_app = len(normalize_user_code(code)) <= app_settings.TOTP_DIGITS
    return str(Authenticator.Type.TOTP if is_of_app else Authenticator.Type.RECOVERY_CODES)


def count_left(codes: RecoveryCodes) -> int | None:
    """How many recovery codes are left; None where what they are made of cannot be read."""
    try:
        return len(codes.get_unused_codes())
    except SecretUnreadable:
        return None


def are_codes_lost(user: User) -> bool:
    """Whether there are recovery codes, and nobody can say which."""
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return row is not None and count_left(row.wrap()) is None


def can_read_app(app: TOTP) -> bool:
    """Whether its codes can still be told from wrong ones."""
    try:
        decrypt(app.instance.data["secret"])
    except SecretUnreadable:
        return False
    return True


def find_step(secret: str, code: str) -> int | None:
    """The period whose code it is, of the present one and those beside it."""
    for step in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return int(step)
    return None


def last_step(row: Authenticator) -> int:
    """The period whose code was taken last; at first the one in which the factor was set up, with its code."""
    made: Any = int(row.created_at.timestamp()) // app_settings.TOTP_PERIOD
    return int(row.data.get("last_step", made))
