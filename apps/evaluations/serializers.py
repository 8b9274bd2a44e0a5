"""How suites, cases, schedules and feedback look over the API, and what clients may send."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.serializers import StrictSerializer, TextField
from apps.evaluations.models import (
    BaselineChoice,
    Case,
    CaseOrigin,
    CaseState,
    Measure,
    Suite,
)
from apps.evaluations.reading import KEYS
from apps.evaluations.services.generating import MAX_COUNT, MAX_SEED

EXPECTED_HELP = "The right answers, any of which is right; [] when nothing is to be found."


@extend_schema_field({"type": "string", "enum": CaseState.values}, component_name="CaseState")
class CaseStateField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=CaseState.choices, **options)


@extend_schema_field({"type": "string", "enum": CaseOrigin.values}, component_name="CaseOrigin")
class CaseOriginField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=CaseOrigin.choices, **options)


@extend_schema_field({"type": "string", "enum": Measure.values}, component_name="Measure")
class MeasureField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=Measure.choices, **options)


@extend_schema_field({"type": "string", "enum": BaselineChoice.values}, component_name="BaselineChoice")
class BaselineChoiceField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=BaselineChoice.choices, **options)


@extend_schema_field({}, component_name="Json")
class JsonField(serializers.JSONField):
    """Whatever the suite's target takes."""


class SuiteSerializer(serializers.ModelSerializer[Suite]):
    """A suite with how many of its cases sweeps ask, and how many wait for a curator."""

    measure = MeasureField(read_only=True)
    cases = serializers.IntegerField(source="active_cases", read_only=True)
    drafts = serializers.IntegerField(source="draft_cases", read_only=True)
    baseline = serializers.IntegerField(
        source="baseline_id", read_only=True, allow_null=True, help_text="The pinned run."
    )

    class Meta:
        model = Suite
        fields = [
            "id", "name", "description", "target", "measure", "margin", "latency_margin", "version", "cases", "drafts",
            "baseline", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields


class SuiteSettingsSerializer(StrictSerializer):
    """Settings to change. Which values make sense is for the service to say."""

    name = TextField(required=False)
    description = TextField(required=False)
    measure = MeasureField(required=False, help_text="What the verdict goes by.")
    margin = serializers.FloatField(required=False, help_text="The smallest difference that matters: 0.01 is a point.")
    latency_margin = serializers.FloatField(
        required=False, allow_null=True, help_text="How much slower is worse: 0.2 is a fifth. Null: never."
    )


class NewSuiteSerializer(SuiteSettingsSerializer):
    name = TextField()
    target = TextField(required=False, help_text="What it measures; functions.search when it is not given.")


class CaseSerializer(serializers.ModelSerializer[Case]):
    key = serializers.IntegerField(source="pk", read_only=True, help_text="The key in this API's addresses.")
    id = serializers.CharField(source="external_id", read_only=True, help_text="Its own id within its suite.")
    suite = serializers.IntegerField(source="suite_id", read_only=True)
    input = JsonField(read_only=True)
    expected = JsonField(read_only=True)
    filters = serializers.DictField(child=serializers.CharField(), read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    origin = CaseOriginField(read_only=True)
    state = CaseStateField(read_only=True)

    class Meta:
        model = Case
        fields = [
            "key", "id", "suite", "query", "input", "expected", "filters", "tags", "group", "made_by", "origin",
            "state", "version", "note", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields


class WholeCaseSerializer(CaseSerializer):
    """A case with the answer that feedback was about."""

    source = JsonField(read_only=True)  # type: ignore[assignment]  # a field named as an attribute of fields

    class Meta(CaseSerializer.Meta):
        fields = [*CaseSerializer.Meta.fields, "source"]
        read_only_fields = fields


class CaseChangesSerializer(StrictSerializer):
    """Fields to change; the suite's target says which values it takes."""

    query = TextField(required=False)
    input = serializers.DictField(required=False, help_text="For targets that take more than a text.")
    expected = JsonField(required=False, help_text=EXPECTED_HELP)
    filters = serializers.DictField(child=TextField(), required=False)
    tags = serializers.ListField(child=TextField(), required=False)
    group = TextField(required=False, help_text="Cases of one group are no independent evidence.")
    made_by = TextField(required=False)
    state = CaseStateField(required=False)
    note = TextField(required=False)


class NewCaseSerializer(CaseChangesSerializer):
    id = TextField(required=False, help_text="Made from the question when it is not given.")
    expected = JsonField(help_text=EXPECTED_HELP)


class ImportCasesFileSerializer(StrictSerializer):
    file = serializers.FileField(help_text="JSONL or CSV; its name tells which.")


class ImportCasesSerializer(StrictSerializer):
    cases = serializers.ListField(
        child=serializers.DictField(), allow_empty=False, help_text=f"Objects with {', '.join(KEYS)}."
    )


class ImportedSerializer(serializers.Serializer[Any]):
    suite = serializers.CharField()
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    unknown_answers = serializers.IntegerField(help_text="Right answers that mean nothing to the target.")
    seconds = serializers.FloatField()


class GenerateSerializer(StrictSerializer):
    count = serializers.IntegerField(min_value=1, max_value=MAX_COUNT)
    seed = serializers.IntegerField(
        min_value=0, max_value=MAX_SEED, default=1, help_text="The same seed makes the same cases."
    )


class FeedbackSerializer(StrictSerializer):
    trace_id = TextField(max_length=100, allow_blank=False, help_text="Of the answer, which is at most a day old.")
    target = TextField(default="functions.search", help_text="What gave the answer.")
    expected = JsonField(help_text="What would have been right; [] when there is nothing right.")
    note = TextField(required=False)
    suite = serializers.IntegerField(required=False, min_value=1, help_text="A suite of the same target.")


class ScheduleSerializer(serializers.Serializer[Any]):
    """A schedule as it stands now. Its webhook's secret is never shown."""

    id = serializers.IntegerField(source="schedule.pk")
    suite = serializers.IntegerField(source="schedule.suite_id")
    words = serializers.CharField()
    time_zone = serializers.CharField()
    enabled = serializers.BooleanField()
    compare_with = BaselineChoiceField(source="schedule.compare_with")
    emails = serializers.ListField(child=serializers.EmailField(), source="schedule.emails")
    webhook_url = serializers.CharField(source="schedule.webhook_url")
    has_secret = serializers.SerializerMethodField()
    unreadable = serializers.ListField(
        child=serializers.CharField(),
        source="schedule.unreadable",
        help_text="Of webhook_url and webhook_secret, those that cannot be read any more: enter them again.",
    )
    last_run = serializers.IntegerField(source="last_run.pk", default=None, allow_null=True)
    next_due = serializers.DateTimeField(allow_null=True)
    missed = serializers.BooleanField(help_text="It was due a while ago and no run has started since.")

    def get_has_secret(self, status: Any) -> bool:
        return bool(status.schedule.webhook_secret)


class ScheduleChangesSerializer(StrictSerializer):
    words = TextField(required=False, help_text='In words: "every night at 2", "every Monday at 6:30".')
    compare_with = BaselineChoiceField(required=False)
    emails = serializers.ListField(child=TextField(), required=False, help_text="Told when it is worse or failed.")
    webhook_url = TextField(required=False)
    webhook_secret = TextField(required=False, write_only=True, help_text="Signs the body. Made when not given.")
    enabled = serializers.BooleanField(required=False)


class NewScheduleSerializer(ScheduleChangesSerializer):
    suite = serializers.IntegerField(min_value=1)
    words = TextField(help_text='In words: "every night at 2", "every Monday at 6:30".')
