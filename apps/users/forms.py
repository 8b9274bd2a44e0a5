from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.core.errors import InvalidInput
from apps.users.models import User
from apps.users.scopes import SCOPES

EXPIRY_CHOICES = [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("", "Never")]


class KeyForm(forms.Form):
    """A new API key; offers the scopes that the user's role allows."""

    name = forms.CharField(max_length=100, help_text="What uses it, so that you know what stops when you revoke it.")
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label="It may")
    expires = forms.ChoiceField(choices=EXPIRY_CHOICES, initial="90", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(name, SCOPES[name].label) for name in user.key_scopes]  # type: ignore[attr-defined]

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["expires"]
        return timezone.now() + timedelta(days=int(days)) if days else None

    def add_input_errors(self, error: InvalidInput) -> None:
        """Puts what a service refused beside the fields at fault, and the rest above the form."""
        for field, reason in error.errors.items():
            self.add_error(*((field, reason) if field in self.fields else (None, f"{field}: {reason}")))
