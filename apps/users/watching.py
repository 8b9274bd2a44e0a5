"""What the audit log is told about people: their rows, and how they sign in.

Django, allauth and axes say what happens in them by signals; these are no steps of ours, so they are heard as such.
"""

from typing import Any

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as auth
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest

from apps.core.audit import record, watch
from apps.users.accounts.models import Invitation
from apps.users.models import ApiKey, User, normalise_email

FAILED = "sign_in.failed"


def watch_people() -> None:
    watch(User, without=["last_login", "date_joined"])
    watch(Invitation)
    # A new secret, a use and a revocation have entries of their own.
    watch(
        ApiKey,
        without=[
            "secret_hash", "former_hash", "former_until", "rotated_at", "revoked_at", "last_used_at", "last_used_from",
        ],
    )  # fmt: skip
    watch(EmailAddress)


def listen() -> None:
    """Each receiver under a name, so that being told to listen twice makes no second entry."""
    for signal, receiver in (
        (auth.user_logged_in, note_sign_in),
        (auth.user_logged_out, note_sign_out),
        (auth.user_login_failed, note_failure),
        (mfa.authentication_failed, note_wrong_code),
        (mfa.authenticator_added, note_factor_added),
        (mfa.authenticator_removed, note_factor_removed),
        (mfa.authenticator_reset, note_factor_reset),
        (account.password_changed, note_password_changed),
        (account.password_set, note_password_changed),
        (account.password_reset, note_password_reset),
    ):
        signal.connect(receiver, dispatch_uid=f"audit.{receiver.__name__}", weak=False)


def note_sign_in(*, request: HttpRequest, user: User, **kwargs: Any) -> None:
    record("sign_in", request=request, actor=user, subject=user)


def note_sign_out(*, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record("sign_out", request=request, actor=user, subject=user)


def note_failure(*, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    typed = credentials.get("email") or credentials.get("username") or ""
    record(FAILED, request=request, subject=shorten_address(str(typed)))


def shorten_address(typed: str) -> str:
    """The address that was tried. What is none may be a password in the wrong field, and is not kept."""
    try:
        validate_email(normalise_email(typed))
    except ValidationError:
        return "(no e-mail address)"
    return normalise_email(typed)


def note_wrong_code(*, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    record(FAILED, request=request, subject=user, factor=authenticator.type)


def note_factor_added(*, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    record("second_factor.added", request=request, subject=user, factor=authenticator.type)


def note_factor_removed(*, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    record("second_factor.removed", request=request, subject=user, factor=authenticator.type)


def note_factor_reset(*, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    record("second_factor.reset", request=request, subject=user, factor=authenticator.type)


def note_password_changed(*, request: HttpRequest, user: User, **kwargs: Any) -> None:
    record("password.changed", request=request, subject=user)


def note_password_reset(*, request: HttpRequest, user: User, **kwargs: Any) -> None:
    record("password.reset", request=request, actor=user, subject=user)
