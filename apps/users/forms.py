import re
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from apps.core.errors import InvalidInput
from apps.users.models import User
from apps.users.networks import MAX_LENGTH, MAX_NETWORKS
from apps.users.scopes import SCOPES
from apps.users.services import MAX_PER_MINUTE, MAX_PER_MONTH

EXPIRY_CHOICES = [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("", "Never")]
OVERLAP_CHOICES = [("24", "for a day"), ("168", "for a week"), ("1", "for an hour"), ("0", "no longer")]
SEPARATORS = re.compile(r"[\s,;]+")


class KeyForm(forms.Form):
    """A new API key; offers the scopes that the user's role allows."""

    name = forms.CharField(max_length=100, help_text="What uses it, so that you know what stops when you revoke it.")
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label="It may")
    expires = forms.ChoiceField(choices=EXPIRY_CHOICES, initial="90", required=False)
    networks = forms.CharField(
        required=False,
        max_length=MAX_NETWORKS * (MAX_LENGTH + 2),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "placeholder": "192.0.2.0/24"}),
        label="Only from these networks",
        help_text="One a line, such as 192.0.2.0/24 or 2001:db8::/32. Empty: from anywhere.",
    )
    requests_per_minute = forms.IntegerField(
        required=False, min_value=1, max_value=MAX_PER_MINUTE, label="Requests a minute, at most"
    )
    requests_per_month = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_PER_MONTH,
        label="Requests a month, at most",
        help_text="Beyond it the key is refused until the first of the next month (UTC). Empty: no budget.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        general = f"Empty: {settings.LIMIT_KEY_PER_MINUTE:,}, as for any key."
        self.fields["requests_per_minute"].help_text = general
        self.fields["scopes"].choices = [(name, SCOPES[name].label) for name in user.key_scopes]  # type: ignore[attr-defined]

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["expires"]
        return timezone.now() + timedelta(days=int(days)) if days else None

    @property
    def options(self) -> dict[str, Any]:
        """What `create_key` is asked for."""
        given = self.cleaned_data
        networks = [text for text in SEPARATORS.split(given["networks"]) if text]
        kept = {name: given[name] for name in ("name", "scopes", "requests_per_minute", "requests_per_month")}
        return {**kept, "networks": networks, "expires_at": self.expires_at}

    def add_input_errors(self, error: InvalidInput) -> None:
        """Puts what a service refused beside the fields at fault, and the rest above the form."""
        for field, reason in error.errors.items():
            self.add_error(*((field, reason) if field in self.fields else (None, f"{field}: {reason}")))


class RotateForm(forms.Form):
    """How long the secret so far stays good."""

    overlap = forms.ChoiceField(choices=OVERLAP_CHOICES, label="The old secret stays good")

    @property
    def duration(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap"]))
