"""How often a password may be guessed: django-axes counts failures of an account from a network, and locks that pair.

Nobody else is locked out with it: somewhere else the account can be signed in to, and here every other account.
"""

import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.models import AccessAttempt
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.core.addresses import client_network
from apps.core.errors import problem_response, wants_json
from apps.users.models import normalise_email


class LockoutBackend(AxesStandaloneBackend):
    """Refuses who has failed too often. What signs in without a request, such as a test's client, is not counted."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        if request is not None:
            super().authenticate(request, **credentials)


def account_key(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """What axes keeps instead of what was typed, which is of any length and may be somebody's password."""
    email = (credentials or {}).get("email") or ""
    return hashlib.sha256(normalise_email(email).encode(errors="replace")).hexdigest()


def network_key(request: HttpRequest) -> str | None:
    """The network that a guess comes from, as axes keeps it."""
    return client_network(request) or None


@contextmanager
def one_guess_at_a_time(request: HttpRequest, email: str) -> Iterator[None]:
    """Guesses sent all at once wait for each other, so that none slips past a count that is made after the guess."""
    pair = f"{account_key(request, {'email': email})} {network_key(request)}"
    number = int.from_bytes(hashlib.sha256(pair.encode()).digest()[:8], signed=True)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
        yield


def seconds_left(request: HttpRequest, email: str) -> int:
    """Seconds until the account may be tried again from this network; 0 when it may be now."""
    cooloff, now = settings.AXES_COOLOFF_TIME, timezone.now()
    pair = {"username": account_key(request, {"email": email}), "ip_address": network_key(request)}
    attempts = AccessAttempt.objects.filter(**pair, attempt_time__gt=now - cooloff).order_by("attempt_time")
    counted = list(attempts.values_list("attempt_time", "failures_since_start"))
    failures = sum(count for _, count in counted)
    for attempt_time, count in counted:
        if failures < settings.AXES_FAILURE_LIMIT:
            break
        failures -= count
        if failures < settings.AXES_FAILURE_LIMIT:
            return max(1, math.ceil((attempt_time + cooloff - now).total_seconds()))
    return 0


def say_wait(seconds: int) -> str:
    minutes = math.ceil(seconds / 60)
    return f"Too many failed sign-ins. Try again in {minutes} {'minute' if minutes == 1 else 'minutes'}."


def lock_out(request: HttpRequest, email: str, wait: int) -> None:
    """Has the request answered like a locked sign-in, where it was not axes that refused it."""
    request.axes_locked_out = True  # type: ignore[attr-defined]
    request.axes_credentials = {"email": email}  # type: ignore[attr-defined]
    request.lockout_wait = wait  # type: ignore[attr-defined]


def answer_lockout(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """What axes answers instead of `response`: the same page, or a problem, with the status and the time to wait."""
    wait = getattr(request, "lockout_wait", 0) or seconds_left(request, (credentials or {}).get("email") or "") or 1
    if wants_json(request):
        response = problem_response(request, 429, code="throttled", detail=say_wait(wait))
    response.status_code = 429
    response["Retry-After"] = str(wait)
    return response
