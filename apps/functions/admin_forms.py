"""Forms of the back office. What they let through, the services take."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.core.errors import InvalidInput
from apps.functions.forms import LANGUAGE_CHOICES, ImportForm, KeywordsField
from apps.functions.models import RECORD_FIELDS, Function, SynonymGroup
from apps.functions.records import FunctionRecord, RecordError, parse_record
from apps.functions.services.searching import MAX_LIMIT
from apps.functions.services.synonyms import check_words

FORM_FIELDS = {"id": "external_id"}
"""A record's fields that have another name in the form."""


class KeywordLinesField(forms.CharField):
    """A list of keywords, one a line: a keyword may hold a comma."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [word for line in (value or "").splitlines() if (word := line.strip())]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


def code_area(rows: int) -> forms.Textarea:
    area: forms.Textarea = UnfoldAdminTextareaWidget(attrs={"rows": rows, "spellcheck": "false"})
    area.attrs["class"] += " ts-code"
    return area


class FunctionForm(forms.ModelForm):
    """`opened_revision` is the one that the person saw, so that nobody's edit is overwritten unseen."""

    language = forms.ChoiceField(choices=[("", "Choose"), *LANGUAGE_CHOICES], widget=UnfoldAdminSelectWidget)
    description = forms.CharField(required=False, strip=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 8}))
    signature = forms.CharField(required=False, widget=code_area(2))
    code = forms.CharField(required=False, strip=False, widget=code_area(20))
    usage = forms.CharField(required=False, strip=False, widget=code_area(4), help_text="An example call.")
    keywords = KeywordLinesField(required=False, help_text="One a line.")
    popularity = forms.FloatField(
        required=False,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"step": "any"}),
        help_text="Higher wins among equals.",
    )
    note = forms.CharField(
        required=False,
        max_length=300,
        label="Why",
        widget=UnfoldAdminTextInputWidget,
        help_text="What you changed and why, for the history.",
    )
    opened_revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Function
        fields = [*RECORD_FIELDS, "library", "external_id"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["opened_revision"] = self.instance.revision
        if "external_id" in self.fields:
            self.fields["external_id"].required = False
            self.fields["external_id"].help_text = "Its own id within the library. Made from its name when empty."

    def clean_popularity(self) -> float:
        return self.cleaned_data["popularity"] or 0.0

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            record = self._parse(cleaned)
            if record and not self.instance.pk:
                self._check_id(record)
        if self.instance.pk:
            self._check_revision()
        return cleaned

    def changes(self) -> dict[str, Any]:
        """The fields of the record that were edited."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in RECORD_FIELDS}

    def data_of_new(self) -> dict[str, Any]:
        names = [name for name in RECORD_FIELDS if name in self.cleaned_data]
        return {"id": self.cleaned_data["external_id"], **{name: self.cleaned_data[name] for name in names}}

    def _parse(self, cleaned: dict[str, Any]) -> FunctionRecord | None:
        values = {name: cleaned[name] for name in RECORD_FIELDS if name in cleaned and name != "state"}
        try:
            return parse_record({**values, "id": cleaned.get("external_id") or self.instance.external_id})
        except RecordError as error:
            field = FORM_FIELDS.get(error.field, error.field)
            self.add_error(field if field in self.fields else None, f"It {error.reason}.")
        return None

    def _check_id(self, record: FunctionRecord) -> None:
        library = self.cleaned_data["library"]
        if library.functions.filter(external_id=record.external_id).exists():
            reason = f"{library} has a function with the id {record.external_id} already. Give this one another."
            self.add_error("external_id", reason)

    def _check_revision(self) -> None:
        opened, newest = self.cleaned_data.get("opened_revision"), self.instance.revision
        if opened is None or opened == newest:
            return
        reason = f"Somebody changed it meanwhile: you opened revision {opened}, and it is at {newest} now. "
        self.add_error(None, f"{reason}What you typed is below: save again to put it over theirs.")
        data: Any = self.data
        self.data = data.copy()
        self.data[self.add_prefix("opened_revision")] = str(newest)  # type: ignore[index]  # a QueryDict, now mutable


class SynonymWordsField(KeywordLinesField):
    """A group's words; no word has a comma in it."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return super().to_python((value or "").replace(",", "\n"))


class SynonymGroupForm(forms.ModelForm):
    words = SynonymWordsField(
        help_text="One a line, or separated by commas: single words that mean the same in a query."
    )

    class Meta:
        model = SynonymGroup
        fields = ["words", "enabled", "note"]

    def clean_words(self) -> list[str]:
        try:
            return check_words(self.cleaned_data["words"])
        except InvalidInput as error:
            raise forms.ValidationError(f"They {error.errors['words']}.") from error


class RetagForm(forms.Form):
    add = KeywordsField(required=False, widget=UnfoldAdminTextInputWidget, help_text="Separated by commas.")
    remove = KeywordsField(required=False, widget=UnfoldAdminTextInputWidget, help_text="Separated by commas.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not cleaned["add"] and not cleaned["remove"]:
            self.add_error(None, "Name a keyword to add or to remove.")
        if not self.errors and set(cleaned["add"]) & set(cleaned["remove"]):
            self.add_error("remove", "Cannot be both added and removed.")
        return cleaned


class TrySearchForm(forms.Form):
    q = forms.CharField(
        required=False, strip=False, label="Query", widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True})
    )
    language = forms.ChoiceField(
        required=False, choices=[("", "Any, or as the query says"), *LANGUAGE_CHOICES], widget=UnfoldAdminSelectWidget
    )
    library = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget(attrs={"list": "libraries"}))
    limit = forms.IntegerField(
        required=False, min_value=1, max_value=MAX_LIMIT, initial=10, widget=UnfoldAdminIntegerFieldWidget
    )


class AdminImportForm(ImportForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widgets = {
            "file": UnfoldAdminFileFieldWidget(),
            "library": UnfoldAdminTextInputWidget(attrs={"list": "libraries", "autocomplete": "off"}),
            "language": UnfoldAdminSelectWidget(choices=getattr(self.fields["language"], "choices", ())),
            "strict": UnfoldBooleanSwitchWidget(),
            "retire_missing": UnfoldBooleanSwitchWidget(),
        }
        for name, widget in widgets.items():
            self.fields[name].widget = widget
