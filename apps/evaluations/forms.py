"""Forms of suites, cases, feedback and schedules. They give text its type; what values may be is for the services."""

import json
from typing import Any

from django import forms

from apps.core.forms import InputErrorsMixin
from apps.core.targets.registry import get_target, known_targets
from apps.evaluations.models import BaselineChoice, Case, Measure, Run, Schedule, Suite

MAX_GENERATED = 100_000


def area(rows: int, **attrs: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


class LinesField(forms.CharField):
    """A text kept to the letter, but for the line ends: browsers write their own, which would be another text."""

    widget = area(2)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"strip": False, **kwargs})

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class ListField(forms.CharField):
    """Words written with commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        parts = (value or "").replace("\n", ",").split(",")
        return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


class ExpectedField(forms.CharField):
    """The right answers: texts, one a line; JSON where a target expects something else."""

    widget = area(3, spellcheck="false")

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list) and all(_is_line(one) for one in value) and not _is_json("".join(value[:1])):
            return "\n".join(value)
        return value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False, indent=2)

    def to_python(self, value: Any) -> Any:
        text = (value or "").strip()
        if _is_json(text):
            try:
                return json.loads(text)
            except ValueError as error:
                raise forms.ValidationError(f"Is no JSON: {error}.") from error
        return [line.strip() for line in text.splitlines() if line.strip()]


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and value.splitlines() == [value.strip()]


def _is_json(text: str) -> bool:
    return text.startswith(("[", "{"))


class FiltersField(forms.CharField):
    """`language: python`, one a line."""

    widget = area(2, spellcheck="false")

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{name}: {text}" for name, text in value.items()) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> dict[str, str]:  # type: ignore[override]
        found = {}
        for line in filter(None, map(str.strip, (value or "").splitlines())):
            name, colon, text = line.partition(":")
            if not colon:
                raise forms.ValidationError(f"“{line[:80]}” has no colon: write a line such as “language: python”.")
            found[name.strip()] = text.strip()
        return found


class SuiteForm(InputErrorsMixin, forms.Form):
    """Margins are written in points and percent, and kept as shares."""

    name = forms.CharField(max_length=200)
    description = forms.CharField(required=False, widget=area(2), help_text="What it stands for, and who owns it.")
    measure = forms.ChoiceField(choices=Measure.choices, help_text="What the verdict goes by.")
    margin = forms.FloatField(
        label="Margin, in points",
        min_value=0.01,
        max_value=50,
        help_text="The smallest difference that matters. 1 is one point of a hundred: from 90 % to 89 %.",
    )
    latency_margin = forms.FloatField(
        label="Slower by, in percent",
        required=False,
        min_value=1,
        max_value=10_000,
        help_text="Cases that take so much longer make a run worse. Empty: times decide nothing.",
    )

    use_required_attribute = False

    @classmethod
    def of(cls, suite: Suite) -> "SuiteForm":
        latency = None if suite.latency_margin is None else round(100 * suite.latency_margin, 4)
        initial = {name: getattr(suite, name) for name in ("name", "description", "measure")}
        return cls(initial={**initial, "margin": round(100 * suite.margin, 4), "latency_margin": latency})

    def settings(self) -> dict[str, Any]:
        data, latency = self.cleaned_data, self.cleaned_data["latency_margin"]
        shares = {"margin": data["margin"] / 100, "latency_margin": None if latency is None else latency / 100}
        return {**{name: data[name] for name in ("name", "description", "measure")}, **shares}


class NewSuiteForm(SuiteForm):
    target = forms.ChoiceField(help_text="What its cases are asked of. It stays as it is.")

    field_order = ["name", "target", "description"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"margin": 1, "measure": Measure.ACCURACY}, **kwargs})
        self.fields["target"].choices = [(name, get_target(name).title) for name in known_targets()]  # type: ignore[attr-defined]


class StartForm(InputErrorsMixin, forms.Form):
    baseline = forms.ChoiceField(required=False, label="Compare with")
    note = forms.CharField(required=False, max_length=300, help_text="What you changed, for whoever reads the report.")

    use_required_attribute = False

    def __init__(self, *args: Any, runs: list[Run], automatic: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.runs = {str(run.pk): run for run in runs}
        self.fields["baseline"].choices = [  # type: ignore[attr-defined]
            ("", automatic),
            *((key, f"#{key}{f', {run.note[:40]}' if run.note else ''}") for key, run in self.runs.items()),
        ]

    @property
    def baseline_run(self) -> Run | None:
        return self.runs.get(self.cleaned_data["baseline"])


class CaseForm(InputErrorsMixin, forms.Form):
    query = LinesField(required=False, label="Question")
    expected = ExpectedField(
        required=False,
        label="Right answers",
        help_text="One a line, any of which is right: an id, or library/id. None at all: nothing is to be found.",
    )
    filters = FiltersField(required=False, help_text="One a line, such as “language: python”.")
    tags = ListField(required=False, help_text="Separated by commas. Each is a slice of the report.")
    group = forms.CharField(
        required=False, max_length=500, help_text="Variants of one question share a name here, and count as one."
    )
    input = forms.JSONField(required=False, widget=area(3, spellcheck="false"), help_text="For targets that take JSON.")
    note = LinesField(required=False)

    use_required_attribute = False

    def __init__(self, *args: Any, suite: Suite, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if suite.target.startswith("functions."):
            del self.fields["input"]

    @classmethod
    def of(cls, case: Case) -> "CaseForm":
        names = [name for name in cls.base_fields if name != "input" or case.input]
        return cls(suite=case.suite, initial={name: getattr(case, name) for name in names})

    def changes(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        return {**data, "input": data["input"] or {}} if "input" in data else data


class ImportCasesForm(InputErrorsMixin, forms.Form):
    file = forms.FileField(help_text="JSON Lines or CSV. Cases with ids that the suite has are changed.")

    use_required_attribute = False


class GenerateCasesForm(InputErrorsMixin, forms.Form):
    count = forms.IntegerField(label="How many", min_value=1, max_value=MAX_GENERATED, initial=1000)
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        initial=1,
        help_text="The same seed makes the same cases of the same catalogue.",
    )

    use_required_attribute = False


class AcknowledgeForm(InputErrorsMixin, forms.Form):
    comment = forms.CharField(widget=area(1), max_length=2000)

    use_required_attribute = False


class ScheduleForm(InputErrorsMixin, forms.Form):
    suite = forms.ModelChoiceField(queryset=Suite.objects.all(), empty_label=None)
    words = forms.CharField(
        label="When",
        max_length=200,
        widget=forms.TextInput(attrs={"list": "examples-of-times", "autocomplete": "off"}),
        help_text="In words: “every night at 2”, “every Monday at 6:30”.",
    )
    compare_with = forms.ChoiceField(choices=BaselineChoice.choices)
    emails = ListField(
        required=False, label="E-mail to", help_text="Addresses with commas. Told when it is worse or failed."
    )
    webhook_url = forms.CharField(
        required=False, max_length=500, label="Webhook", help_text="An address that is sent the report's verdict."
    )
    webhook_secret = forms.CharField(
        required=False, max_length=100, label="Secret of the webhook", help_text="Signs what is sent.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    use_required_attribute = False

    @classmethod
    def of(cls, schedule: Schedule) -> "ScheduleForm":
        return cls(initial={name: getattr(schedule, name) for name in cls.base_fields})


class FeedbackForm(InputErrorsMixin, forms.Form):
    """`right` is one of the answers given or found; "id:..." or "nothing:"."""

    right = forms.CharField(
        max_length=500, strip=False, error_messages={"required": "Choose one, or say nothing fits."}
    )
    note = forms.CharField(required=False, max_length=2000, widget=area(2), help_text="For the curator who reads this.")

    use_required_attribute = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        right = data.get("right")
        return {**data, "expected": [] if right == "nothing:" else [right.removeprefix("id:")] if right else []}


class AcceptForm(InputErrorsMixin, forms.Form):
    query = LinesField(label="Question", required=False)
    expected = ExpectedField(
        required=False, label="Right answers", help_text="One a line. None at all: nothing is to be found."
    )
    suite = forms.ModelChoiceField(queryset=Suite.objects.none(), empty_label=None, label="Into the suite")

    use_required_attribute = False

    def __init__(self, *args: Any, suites: list[Suite], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["suite"]
        field.queryset = Suite.objects.filter(pk__in=[suite.pk for suite in suites])  # type: ignore[attr-defined]
        field.choices = [(suite.pk, suite.name) for suite in suites]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, case: Case, suites: list[Suite]) -> "AcceptForm":
        initial = {"query": case.query, "expected": case.expected, "suite": case.suite_id}
        return cls(suites=suites, prefix=str(case.pk), initial=initial)
