"""Proving without a form whose account it is: by password, and by a code where there is a second factor."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables
from rest_framework import status
from rest_framework.exceptions import APIException, AuthenticationFailed

from apps.core.secrets import SecretUnreadable
from apps.users.accounts.entries import count_entry
from apps.users.accounts.lockout import one_guess_at_a_time, say_wait, seconds_left
from apps.users.accounts.second_factor import (
    UNREADABLE_FACTOR,
    TooManyCodes,
    has_second_factor,
    must_have_second_factor,
    take_code,
)
from apps.users.models import User
from apps.users.roles import SIGN_IN, grants

REFUSALS = {
    "credentials_wrong": "This email address and password do not go together.",
    "email_unverified": "Open the link in the message that was sent to this address, then try again.",
    "otp_required": "This account has a second factor: send its code, or a recovery code, as `otp`.",
    "otp_wrong": "The code is wrong, or was used before.",
    "second_factor_unreadable": UNREADABLE_FACTOR,
    "second_factor_missing": "This account must have a second factor: set one up in its profile, on the pages.",
}


class TooManyAttempts(APIException):
    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "throttled"

    def __init__(self, wait: int) -> None:
        super().__init__(say_wait(wait))
        self.wait = wait


class TooManyEntries(APIException):
    """From one network, about any accounts: forms of the pages count towards the same."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "rate_limited"

    def __init__(self, wait: int) -> None:
        super().__init__(f"Too many sign-ins came from your network. Try again in {wait} seconds.")
        self.wait = wait


class ProgramBackend:
    """Knows programs' accounts by their password too, for tokens alone. It keeps no sessions and grants no rights."""

    @sensitive_variables("password")
    def authenticate(
        self, request: HttpRequest | None, *, email: str, password: str, for_tokens: bool, **kwargs: Any
    ) -> User | None:
        """Raises PermissionDenied, which ends the search, unless the password is right."""
        try:
            user = User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            User().set_password(password)  # so that it takes as long as for an account that there is
        else:
            if user.check_password(password) and user.is_active:
                return user
        raise PermissionDenied


@sensitive_variables("password", "otp")
def prove_user(request: HttpRequest, *, email: str, password: str, otp: str = "") -> User:
    """Whose account it is. Failures count, like those of the pages, towards the lock-out from this network.

    Raises AuthenticationFailed with a code of REFUSALS, TooManyAttempts or TooManyEntries. An unknown account reads
    like a wrong password.
    """
    if wait := count_entry(request):
        raise TooManyEntries(wait)
    with one_guess_at_a_time(request, email):
        user = authenticate(request, email=email, password=password, for_tokens=True)
    if not isinstance(user, User):
        if wait := seconds_left(request, email):
            raise TooManyAttempts(wait)
        raise refuse("credentials_wrong")
    if not EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        raise refuse("email_unverified")
    if has_second_factor(user):
        check_code(user, otp)
    else:
        check_without_second_factor(user)
    return user


def check_without_second_factor(user: User) -> None:
    """Raises AuthenticationFailed for a person who must have one. Programs cannot."""
    if must_have_second_factor(user) and grants(user.role, SIGN_IN):
        raise refuse("second_factor_missing")


def check_code(user: User, otp: str) -> None:
    """Takes a code of the second factor, which is good once."""
    if not otp:
        raise refuse("otp_required")
    try:
        taken = take_code(user, otp)
    except TooManyCodes as error:
        raise TooManyAttempts(error.wait) from error
    except SecretUnreadable as error:
        raise refuse("second_factor_unreadable") from error
    if taken is None:
        raise refuse("otp_wrong")


def refuse(code: str) -> AuthenticationFailed:
    return AuthenticationFailed(REFUSALS[code], code)
