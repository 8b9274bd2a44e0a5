"""Forms of the catalogue. They give text its type; what the values may be is for the services to say."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms import BoundField

from apps.core.forms import InputErrorsMixin
from apps.functions.languages import RECORD_LANGUAGES
from apps.functions.models import Function
from apps.functions.rendering import name_language

LANGUAGE_CHOICES = [(key, name_language(key)) for key in RECORD_LANGUAGES]
FIELD_ROWS = (
    ("library", "id"),
    ("name", "language"),
    ("signature",),
    ("description",),
    ("code",),
    ("usage",),
    ("keywords",),
    ("action", "data_type", "order_type"),
    ("complexity", "popularity"),
    ("note",),
    ("revision",),
)


class KeywordsField(forms.CharField):
    """A list of words, written with commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [word for part in (value or "").split(",") if (word := part.strip())]


def text_area(rows: int, *, mono: bool = False) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **({"class": "mono", "spellcheck": "false"} if mono else {})})


class RecordForm(InputErrorsMixin, forms.Form):
    """The fields of a function that people write."""

    name = forms.CharField(max_length=300)
    language = forms.ChoiceField(choices=[("", ""), *LANGUAGE_CHOICES])
    signature = forms.CharField(required=False, widget=text_area(2, mono=True))
    description = forms.CharField(
        required=False, strip=False, widget=text_area(6), help_text="What search goes by most."
    )
    code = forms.CharField(required=False, strip=False, widget=text_area(16, mono=True))
    usage = forms.CharField(required=False, strip=False, widget=text_area(4, mono=True), help_text="An example call.")
    keywords = KeywordsField(required=False, help_text="Separated by commas.")
    action = forms.CharField(required=False, max_length=100)
    data_type = forms.CharField(required=False, max_length=100)
    order_type = forms.CharField(required=False, max_length=100)
    complexity = forms.CharField(required=False, max_length=100, help_text="Such as O(n log n).")
    popularity = forms.FloatField(required=False, help_text="A number; higher wins among equals.")

    use_required_attribute = False

    def rows(self) -> Iterator[list[BoundField]]:
        """The fields as the page lays them out."""
        for names in FIELD_ROWS:
            if present := [self[name] for name in names if name in self.fields]:
                yield present

    def record(self) -> dict[str, Any]:
        """The record's fields; line ends as they are in source files, not as browsers send them."""
        names = [name for name in RecordForm.base_fields if name in self.cleaned_data]
        data = {name: _with_unix_lines(self.cleaned_data[name]) for name in names}
        return {**data, "popularity": data["popularity"] or 0.0}


class NewFunctionForm(RecordForm):
    library = forms.CharField(
        max_length=200, widget=forms.TextInput(attrs={"list": "libraries"}), help_text="An existing one, or a new name."
    )
    id = forms.CharField(
        required=False, max_length=500, label="Id", help_text="Within its library. Made from the name when empty."
    )


class EditFunctionForm(RecordForm):
    """`revision` is the one that was opened: an edit of an older one is refused."""

    note = forms.CharField(required=False, max_length=300, label="Why", help_text="For the history.")
    revision = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, function: Function) -> "EditFunctionForm":
        return cls(initial={name: getattr(function, name) for name in (*RecordForm.base_fields, "revision")})


class ImportForm(InputErrorsMixin, forms.Form):
    file = forms.FileField(help_text="JSON, JSON Lines, CSV, SQLite, or one source file. Its name tells which.")
    library = forms.CharField(
        max_length=200,
        widget=forms.TextInput(attrs={"list": "libraries", "autocomplete": "off"}),
        help_text="Where the functions go: an existing library or a new name.",
    )
    language = forms.ChoiceField(
        choices=[("", "As the file says"), *LANGUAGE_CHOICES],
        required=False,
        help_text="For records that do not say theirs.",
    )
    strict = forms.BooleanField(
        required=False, label="All or nothing", help_text="One bad record, and nothing goes in."
    )
    retire_missing = forms.BooleanField(
        required=False,
        label="Retire what is missing",
        help_text="Functions of the library that the file does not have.",
    )

    use_required_attribute = False


def _with_unix_lines(value: Any) -> Any:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value
