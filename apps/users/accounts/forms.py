"""The forms of signing in and of one's account."""

from typing import Any

from allauth.account.forms import LoginForm as BaseLoginForm
from django import forms
from django.core.exceptions import ValidationError

from apps.users.accounts.lockout import say_wait, seconds_left


class LoginForm(BaseLoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attributes = {"autofocus": True, "autocomplete": "username", "maxlength": 254}
        self.fields["login"] = forms.EmailField(
            label="Email address", max_length=254, widget=forms.EmailInput(attrs=attributes)
        )
        self.fields["password"].help_text = ""
        self.order_fields(["login", "password"])

    def _clean_with_password(self, credentials: dict[str, str]) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super()._clean_with_password(credentials)
        except ValidationError:
            if wait := seconds_left(self.request, credentials["email"]):
                raise ValidationError(say_wait(wait), code="throttled") from None
            raise
        return cleaned
