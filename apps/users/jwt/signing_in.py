"""Proving without a form whose account it is: by password, and by a code where there is a second factor."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables
from rest_framework import status
from rest_framework.exceptions import APIException, AuthenticationFailed

from apps.users.accounts.lockout import one_guess_at_a_time, say_wait, seconds_left
from apps.users.models import User

REFUSALS = {
    "credentials_wrong": "This email address and password do not go together.",
    "email_unverified": "Open the link in the message that was sent to this address, then try again.",
    "otp_required": "This account has a second factor: send its code, or a recovery code, as `otp`.",
    "otp_wrong": "The code is wrong, or was used before.",
}


class TooManyAttempts(APIException):
    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "throttled"

    def __init__(self, wait: int) -> None:
        super().__init__(say_wait(wait))
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

    Raises AuthenticationFailed with a code of REFUSALS, or TooManyAttempts. An unknown account is a wrong password.
    """
    with one_guess_at_a_time(request, email):
        user = authenticate(request, email=email, password=password, for_tokens=True)
        code = find_fault(user, otp)
        if code == "otp_wrong":
            user_login_failed.send(__name__, credentials={"email": email}, request=request)
    if not isinstance(user, User) and (wait := seconds_left(request, email)):
        raise TooManyAttempts(wait)
    if code or not isinstance(user, User):
        raise AuthenticationFailed(REFUSALS[code], code)
    return user


def find_fault(user: Any, otp: str) -> str:
    """A code of REFUSALS; "" when nothing is wrong."""
    if not isinstance(user, User):
        return "credentials_wrong"
    if not EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        return "email_unverified"
    if not is_mfa_enabled(user):
        return ""
    if not otp:
        return "otp_required"
    return "" if take_code(user, otp) else "otp_wrong"


def take_code(user: User, otp: str) -> bool:
    """Whether it is a code of the account, which it then is no more."""
    for authenticator in Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN):
        if authenticator.wrap().validate_code(otp):
            authenticator.record_usage()
            return True
    return False
