"""Forms of the back office. What they let through, the services take."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.core.errors import InvalidInput
from apps.core.secrets.fields import ENTER_AGAIN, UnreadableText, is_left_unreadable
from apps.core.targets.registry import get_target, known_targets
from apps.core.targets.types import CaseRecord
from apps.evaluations.forms import ExpectedField, FiltersField, LinesField, ListField
from apps.evaluations.models import Case, Schedule, Suite
from apps.evaluations.reports.words import as_sentence
from apps.evaluations.services.cases import find_errors, make_id
from apps.evaluations.services.scheduling import check_emails, read_words
from apps.evaluations.services.suites import SETTINGS
from apps.evaluations.services.webhooks import check_webhook_url

EDITED = ("query", "expected", "filters", "tags", "group", "input", "state", "note")
"""The fields of a case that are edited here."""
SCHEDULE_SETTINGS = ("suite", "words", "enabled", "compare_with", "emails", "webhook_url", "webhook_secret")


def lines(rows: int) -> forms.Textarea:
    area: forms.Textarea = UnfoldAdminTextareaWidget(attrs={"rows": rows, "spellcheck": "false"})
    area.attrs["class"] += " ts-code"
    return area


class SuiteForm(forms.ModelForm):
    """The target of a suite is chosen once."""

    target = forms.ChoiceField(widget=UnfoldAdminSelectWidget, help_text="What its cases are asked of. It stays.")

    class Meta:
        model = Suite
        fields = ["target", *SETTINGS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "target" in self.fields:
            choices = [(name, get_target(name).title) for name in known_targets()]
            self.fields["target"].choices = choices  # type: ignore[attr-defined]

    def settings(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in SETTINGS}


class ObjectField(forms.JSONField):
    """A JSON object. None, and an empty one, is an empty field."""

    def prepare_value(self, value: Any) -> Any:
        return super().prepare_value(value) if value else ""

    def to_python(self, value: Any) -> dict[str, Any]:  # type: ignore[override]
        found = super().to_python(value)
        if not isinstance(found, dict | None):
            raise forms.ValidationError("It must be a JSON object.")
        return found or {}


class CaseForm(forms.ModelForm):
    query = LinesField(required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}))
    expected = ExpectedField(
        required=False,
        label="Right answers",
        widget=lines(4),
        help_text="One a line, any of which is right: an id, or library/id. None at all: nothing is to be found.",
    )
    filters = FiltersField(required=False, widget=lines(2), help_text="One a line, such as “language: python”.")
    tags = ListField(required=False, widget=UnfoldAdminTextInputWidget, help_text="Separated by commas.")
    input = ObjectField(required=False, widget=lines(4), help_text="For targets that take more than a text.")
    note = LinesField(required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))

    class Meta:
        model = Case
        fields = ["suite", "external_id", *EDITED]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "external_id" in self.fields:
            self.fields["external_id"].required = False
            self.fields["external_id"].help_text = "Its own id within the suite. Made from the question when empty."

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            self._check(self.record())
        return cleaned

    def record(self) -> CaseRecord:
        """The case as the form has it."""
        data = {name: self.cleaned_data.get(name, getattr(self.instance, name)) for name in EDITED}
        return CaseRecord(
            external_id=self.cleaned_data.get("external_id") or self.instance.external_id,
            query=data["query"],
            input=data["input"],
            expected=data["expected"],
            filters=data["filters"],
            tags=tuple(data["tags"]),
            group=data["group"],
            made_by=self.instance.made_by,
        )

    def changes(self) -> dict[str, Any]:
        """The fields that were edited."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in EDITED}

    def _check(self, record: CaseRecord) -> None:
        suite = self.instance.suite if self.instance.pk else self.cleaned_data["suite"]
        found = find_errors(suite, record)
        for field, reason in found.items():
            name = "external_id" if field == "id" else field
            self.add_error(name if name in self.fields else None, as_sentence(reason))
        if found:
            return
        external_id = record.external_id or make_id(record)
        if not self.instance.pk and suite.cases.filter(external_id=external_id).exists():
            self.add_error("external_id" if record.external_id else "query", f"{suite} has this case already.")


class ScheduleForm(forms.ModelForm):
    """When, in words; the secret is written and never shown."""

    words = forms.CharField(
        label="When",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="In words: “every night at 2”, “every Monday at 6:30”, “every 6 hours”.",
    )
    emails = ListField(
        required=False,
        label="E-mail to",
        widget=UnfoldAdminTextInputWidget,
        help_text="Separated by commas. Told when it is worse or failed.",
    )
    webhook_url = forms.CharField(required=False, max_length=500, label="Webhook", widget=UnfoldAdminTextInputWidget)
    webhook_secret = forms.CharField(
        required=False,
        max_length=100,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Signs what is sent. Left empty, the one it has stays; a new webhook gets one.",
    )
    enabled = forms.BooleanField(required=False, initial=True, widget=UnfoldBooleanSwitchWidget)

    class Meta:
        model = Schedule
        fields = [name for name in SCHEDULE_SETTINGS if name != "enabled"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["enabled"] = self.instance.periodic_task.enabled
        self.initial["webhook_secret"] = ""
        if isinstance(self.instance.webhook_secret, UnreadableText):
            self.fields["webhook_secret"].help_text = f"What was kept {ENTER_AGAIN}."

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"]
        _check(read_words, words)
        return words

    def clean_emails(self) -> list[str]:
        emails: list[str] = _check(check_emails, self.cleaned_data["emails"])
        return emails

    def clean_webhook_url(self) -> str:
        url: str = self.cleaned_data["webhook_url"]
        if not is_left_unreadable(url, self.instance.webhook_url):
            url = _check(check_webhook_url, url)
        return url

    def settings(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in SCHEDULE_SETTINGS}


class AcknowledgeForm(forms.Form):
    comment = forms.CharField(
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "autofocus": True}),
        help_text="What it was, and what happens now. Everybody can read it.",
    )


def _check(check: Any, value: Any) -> Any:
    """What a service makes of a value; its refusal as the form's own."""
    try:
        return check(value)
    except InvalidInput as error:
        raise forms.ValidationError([as_sentence(reason) for reason in error.errors.values()]) from error
