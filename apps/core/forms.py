"""What forms of every app share."""

from django import forms

from apps.core.errors import InvalidInput


class InputErrorsMixin(forms.BaseForm):
    """For forms whose last word has a service."""

    def add_input_errors(self, error: InvalidInput) -> None:
        """Puts what a service refused beside the fields at fault, and the rest above the form."""
        for field, reason in error.errors.items():
            sentence = f"{reason[:1].upper()}{reason[1:]}."
            self.add_error(*((field, sentence) if field in self.fields else (None, f"{field}: {reason}")))
