"""The forms of signing in and of one's account."""

from typing import Any

from allauth.account.forms import ChangePasswordForm as BaseChangePasswordForm
from allauth.account.forms import LoginForm as BaseLoginForm
from allauth.account.forms import ResetPasswordForm as BaseResetPasswordForm
from allauth.account.forms import ResetPasswordKeyForm as BaseResetPasswordKeyForm
from allauth.account.forms import SetPasswordForm as BaseSetPasswordForm
from allauth.account.forms import SignupForm as BaseSignupForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm as BaseAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as BaseReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from apps.core.errors import InvalidInput
from apps.core.secrets import SecretUnreadable
from apps.users.accounts.lockout import lock_out, one_guess_at_a_time, say_wait, seconds_left
from apps.users.accounts.second_factor import UNREADABLE_FACTOR, TooManyCodes, take_code
from apps.users.models import User, normalise_email
from apps.users.roles import SIGN_IN, grants
from apps.users.services import MAX_EMAIL_LENGTH, MAX_NAME_LENGTH, check_name

USERNAME = {"autofocus": True, "autocomplete": "username"}
CODE = {"autofocus": True, "autocomplete": "one-time-code", "inputmode": "numeric"}
WRONG_CODE = "This code is wrong, or was used before."


class LoginForm(BaseLoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.EmailField(
            label="Email address", max_length=MAX_EMAIL_LENGTH, widget=forms.EmailInput(attrs=USERNAME)
        )
        self.fields["password"].help_text = ""
        drop_placeholders(self)
        self.order_fields(["login", "password"])

    def _clean_with_password(self, credentials: dict[str, str]) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super()._clean_with_password(credentials)
        except ValidationError:
            check_wait(self.request, credentials["email"])
            raise
        return cleaned


class SignupForm(BaseSignupForm):
    full_name = forms.CharField(max_length=MAX_NAME_LENGTH, required=False, label="Your name")
    field_order = ["email", "full_name", "password1", "password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "Email address"
        self.fields["password2"].label = "Password again"
        drop_placeholders(self)

    def clean_full_name(self) -> str:
        try:
            return check_name("full_name", self.cleaned_data["full_name"], required=False)
        except InvalidInput as error:
            raise ValidationError(error.errors["full_name"]) from error

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            User().set_password(self.cleaned_data["password1"])  # so that it takes as long as for a new account
        return super().try_save(request)


class ResetPasswordForm(BaseResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "Email address"
        self.fields["email"].widget.attrs["autofocus"] = True
        drop_placeholders(self)

    def clean_email(self) -> str:
        """Finds who signs in with the address. One that somebody only wants to change to may be another person's."""
        email = normalise_email(self.cleaned_data["email"])
        self.users = [user for user in User.objects.filter(email=email, is_active=True) if grants(user.role, SIGN_IN)]
        return email


class NewPasswordMixin(forms.Form):
    """Of a form that begins with a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_new_passwords(self)
        self.fields["password1"].widget.attrs["autofocus"] = True


class ResetPasswordKeyForm(NewPasswordMixin, BaseResetPasswordKeyForm):
    """After a link that was sent."""


class SetPasswordForm(NewPasswordMixin, BaseSetPasswordForm):
    """Of an account that had none."""


class ChangePasswordForm(BaseChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Password so far"
        self.fields["oldpassword"].help_text = ""
        name_new_passwords(self)

    def clean_oldpassword(self) -> str:
        """Counts towards the lock-out, so that a session left open is no place to guess a password."""
        return prove_password(self.user, self.cleaned_data["oldpassword"], "enter_current_password")


class ReauthenticateForm(forms.Form):
    password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autofocus": True, "autocomplete": "current-password"})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        return prove_password(self.user, self.cleaned_data["password"], "incorrect_password")


class OneCode:
    """Takes each code once, and counts wrong ones towards the lock-out."""

    user: User
    fields: dict[str, forms.Field]
    cleaned_data: dict[str, Any]
    authenticator: Authenticator

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = forms.TextInput(attrs=CODE)
        self.fields["code"].max_length = 32  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        try:
            taken = prove_code(context.request, self.user, code)
        except TooManyCodes as error:
            lock_out(context.request, self.user.email, error.wait)
            raise ValidationError(say_wait(error.wait), code="throttled") from error
        except SecretUnreadable as error:
            raise ValidationError(UNREADABLE_FACTOR, code="second_factor_unreadable") from error
        if taken is None:
            check_wait(context.request, self.user.email)
            raise ValidationError(WRONG_CODE, code="incorrect_code")
        self.authenticator = taken
        return code


class ActivateAppForm(ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "Code"
        self.fields["code"].widget = forms.TextInput(attrs=CODE)


class AuthenticateForm(OneCode, BaseAuthenticateForm):
    pass


class ReauthenticateCodeForm(OneCode, BaseReauthenticateForm):
    pass


def prove_code(request: HttpRequest, user: User, code: str) -> Authenticator | None:
    """The authenticator whose code it is, used up with that. Raises TooManyCodes."""
    with one_guess_at_a_time(request, user.email):
        if wait := seconds_left(request, user.email):
            raise TooManyCodes(wait)
        taken = take_code(user, code)
        if taken is None:
            user_login_failed.send(__name__, credentials={"email": user.email}, request=request)
    return taken


def prove_password(user: User, password: str, error: str) -> str:
    from allauth.account.adapter import get_adapter

    if get_adapter().reauthenticate(user, password):
        return password
    check_wait(context.request, user.email)
    raise get_adapter().validation_error(error)


def check_wait(request: HttpRequest, email: str) -> None:
    if wait := seconds_left(request, email):
        raise ValidationError(say_wait(wait), code="throttled")


def name_new_passwords(form: forms.Form) -> None:
    form.fields["password1"].label = "New password"
    form.fields["password2"].label = "New password again"
    drop_placeholders(form)


def drop_placeholders(form: forms.Form) -> None:
    """Labels say what a field is, and stay when it is filled in."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
