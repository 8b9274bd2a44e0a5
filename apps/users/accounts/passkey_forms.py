"""The forms that take a browser's answer about a passkey, which anybody may write by hand."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django.core.exceptions import ValidationError

from apps.users.services import MAX_NAME_LENGTH

# What fido2 raises for answers that are none, or are signed wrongly, and allauth lets through.
MALFORMED = (KeyError, IndexError, AttributeError, TypeError, ValueError, struct.error, InvalidSignature)


@contextmanager
def refuse_malformed() -> Iterator[None]:
    try:
        yield
    except MALFORMED as error:
        raise ValidationError("This passkey did not work. Try again.", code="incorrect_code") from error


class PasskeyAnswer:
    def clean_credential(self) -> Authenticator:
        with refuse_malformed():
            authenticator: Authenticator = super().clean_credential()  # type: ignore[misc]
        return authenticator


class LoginPasskeyForm(PasskeyAnswer, LoginWebAuthnForm):
    pass


class AuthenticatePasskeyForm(PasskeyAnswer, AuthenticateWebAuthnForm):
    pass


class ReauthenticatePasskeyForm(PasskeyAnswer, ReauthenticateWebAuthnForm):
    pass


class AddPasskeyForm(AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].max_length = MAX_NAME_LENGTH
        self.fields["name"].widget.attrs["maxlength"] = MAX_NAME_LENGTH
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].label = "Sign in with it alone"
        self.fields["passwordless"].help_text = "Without address and password. It then asks for a PIN or a fingerprint."

    def clean_name(self) -> str:
        return str(super().clean_name())[:MAX_NAME_LENGTH]

    def clean(self) -> dict[str, Any]:
        with refuse_malformed():
            cleaned: dict[str, Any] = super().clean()
        return cleaned
