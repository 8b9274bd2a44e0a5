"""How runs, their outcomes and their reports look over the API, and what clients may ask of them."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.serializers import StrictSerializer, TextField
from apps.evaluations.models import CaseOutcome, Report, Run, RunState, Verdict
from apps.evaluations.serializers import JsonField

REPORT_FORMS = ("json", "html", "md", "csv", "xml")


@extend_schema_field({"type": "string", "enum": RunState.values}, component_name="RunState")
class RunStateField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=RunState.choices, **options)


@extend_schema_field({"type": "string", "enum": Verdict.values}, component_name="Verdict")
class VerdictField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=Verdict.choices, **options)


class RunSummarySerializer(serializers.ModelSerializer[Run]):
    """A row of the list of runs."""

    suite = serializers.IntegerField(source="suite_id", read_only=True)
    state = RunStateField(read_only=True)
    percent = serializers.IntegerField(read_only=True)
    baseline = serializers.IntegerField(source="baseline_id", read_only=True, allow_null=True)
    schedule = serializers.IntegerField(source="schedule_id", read_only=True, allow_null=True)
    verdict = VerdictField(source="report.verdict", read_only=True, allow_null=True)
    needs_acknowledgement = serializers.SerializerMethodField()
    accuracy = serializers.FloatField(read_only=True, allow_null=True, help_text="From 0 to 1, once it is over.")
    seconds = serializers.SerializerMethodField()
    created_by = serializers.EmailField(source="created_by.email", read_only=True, default=None, allow_null=True)

    class Meta:
        model = Run
        fields = [
            "id", "suite", "state", "done", "total", "percent", "verdict", "needs_acknowledgement", "accuracy",
            "baseline", "schedule", "note", "error", "seconds", "created_at", "started_at", "finished_at",
            "created_by",
        ]  # fmt: skip
        read_only_fields = fields

    def get_needs_acknowledgement(self, run: Run) -> bool:
        report: Report | None = getattr(run, "report", None)
        return report is not None and report.needs_acknowledgement

    def get_seconds(self, run: Run) -> float:
        return round(run.seconds(timezone.now()), 2)


class RunSerializer(RunSummarySerializer):
    """A run whole: what it measured, its figures, and what somebody said about its report."""

    estimate = JsonField(source="first_figures", read_only=True, help_text="Figures of the cases done so far.")
    summary = JsonField(read_only=True, help_text="The figures, once it is over.")
    pinned = JsonField(read_only=True, help_text="What the answers depended on, by name.")
    drift = JsonField(read_only=True, help_text="What of that changed while it ran.")
    acknowledged_by = serializers.EmailField(
        source="report.acknowledged_by.email", read_only=True, default=None, allow_null=True
    )
    acknowledged_at = serializers.DateTimeField(source="report.acknowledged_at", read_only=True, allow_null=True)
    comment = serializers.CharField(source="report.comment", read_only=True, allow_null=True)

    class Meta(RunSummarySerializer.Meta):
        fields = [
            *RunSummarySerializer.Meta.fields, "suite_version", "estimate", "summary", "pinned", "drift",
            "outcomes_pruned", "acknowledged_by", "acknowledged_at", "comment",
        ]  # fmt: skip
        read_only_fields = fields


class StartRunSerializer(StrictSerializer):
    baseline = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, help_text="The run to compare with; else the pinned or last good."
    )
    note = TextField(required=False, max_length=300, help_text="What changed, for whoever reads the report.")


class OutcomeSerializer(serializers.ModelSerializer[CaseOutcome]):
    """What came of one case."""

    case = serializers.IntegerField(source="case_id", read_only=True, help_text="The case's key.")
    case_id = serializers.CharField(source="case.external_id", read_only=True)
    query = serializers.CharField(source="case.query", read_only=True)
    expected = JsonField(source="case.expected", read_only=True)
    made_by = serializers.CharField(source="case.made_by", read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), source="case.tags", read_only=True)
    labels = serializers.DictField(child=serializers.CharField(), read_only=True)
    got = JsonField(read_only=True, help_text="The answers, best first.")
    trace = JsonField(read_only=True, help_text="How they were reached.")

    class Meta:
        model = CaseOutcome
        fields = [
            "case", "case_id", "case_version", "query", "expected", "made_by", "tags", "right", "rank", "score",
            "answered", "confidence", "tier", "latency_ms", "cost", "labels", "got", "trace", "error",
        ]  # fmt: skip
        read_only_fields = fields


class ReportQuerySerializer(StrictSerializer):
    form = serializers.ChoiceField(choices=REPORT_FORMS, default="json")


class CompareQuerySerializer(StrictSerializer):
    baseline = serializers.IntegerField(min_value=1, help_text="Another finished run of the same suite.")


class ComparisonSerializer(serializers.Serializer[Any]):
    verdict = VerdictField()
    reasons = serializers.ListField(child=serializers.CharField(), help_text="The verdict in sentences.")
    comparison = JsonField(help_text="Pairs, measures, slices, power.")
    flips = JsonField(help_text="Cases newly right and newly wrong.")
    changes = JsonField(help_text="What differs between the pinned states.")
    unpaired = JsonField(help_text="Cases that only one of them asked, or asked otherwise.")


class AcknowledgeSerializer(StrictSerializer):
    comment = TextField(allow_blank=False, max_length=2000)


class AcknowledgedSerializer(serializers.ModelSerializer[Report]):
    run = serializers.IntegerField(source="run_id", read_only=True)
    verdict = VerdictField(read_only=True)
    acknowledged_by = serializers.EmailField(source="acknowledged_by.email", read_only=True, default=None)

    class Meta:
        model = Report
        fields = ["run", "verdict", "acknowledged_by", "acknowledged_at", "comment"]
        read_only_fields = fields
