"""Forms of the pages about models."""

from django import forms


class RetentionForm(forms.Form):
    """For how many days the texts of one's calls are kept."""

    days = forms.IntegerField(
        min_value=0,
        max_value=365,
        label="Days that questions and answers are kept",
        help_text="0 keeps none. They are encrypted, and only you can read them.",
    )
