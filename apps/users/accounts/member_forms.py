"""The forms of members, of invitations, and of one's profile."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html

from apps.core.forms import InputErrorsMixin
from apps.users.roles import PEOPLE, Role
from apps.users.services import MAX_EMAIL_LENGTH, MAX_NAME_LENGTH

PEOPLE_CHOICES = [(role.value, role.value.capitalize()) for role in Role if role in PEOPLE]
NEW_PASSWORD = {"autocomplete": "new-password"}


class InviteForm(InputErrorsMixin, forms.Form):
    email = forms.EmailField(label="Email address", max_length=MAX_EMAIL_LENGTH)
    role = forms.ChoiceField(choices=PEOPLE_CHOICES)


class JoinForm(InputErrorsMixin, forms.Form):
    full_name = forms.CharField(
        label="Your name",
        max_length=MAX_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )
    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs=NEW_PASSWORD),
        help_text=password_validators_help_text_html(),
    )
    password_again = forms.CharField(strip=False, widget=forms.PasswordInput(attrs=NEW_PASSWORD))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, second = cleaned.get("password"), cleaned.get("password_again")
        if first and second and first != second:
            self.add_error("password_again", "These two are not the same.")
        return cleaned


class NameForm(InputErrorsMixin, forms.Form):
    full_name = forms.CharField(
        label="Name", max_length=MAX_NAME_LENGTH, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
