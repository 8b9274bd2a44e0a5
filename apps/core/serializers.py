"""Serializers of the core, and the base of those that read what clients send."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from apps.core.models import Job, JobState


# Several things have a `state`, each of another kind: a component of its own tells clients' generators so.
@extend_schema_field({"type": "string", "enum": JobState.values}, component_name="JobState")
class JobStateField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=JobState.choices, **options)


class JobSerializer(serializers.ModelSerializer[Job]):
    state = JobStateField(read_only=True)
    percent = serializers.IntegerField(read_only=True, allow_null=True)
    seconds = serializers.FloatField(read_only=True)
    created_by = serializers.EmailField(source="created_by.email", read_only=True, default=None, allow_null=True)

    seen_by = serializers.EmailField(source="seen_by.email", read_only=True, default=None, allow_null=True)

    class Meta:
        model = Job
        fields = [
            "id", "kind", "state", "done", "total", "percent", "message", "result", "error", "cancel_requested",
            "attempts", "seconds", "created_at", "started_at", "finished_at", "created_by",
            "seen_at", "seen_by",
        ]  # fmt: skip
        read_only_fields = fields


class ProblemFieldSerializer(serializers.Serializer[dict[str, str]]):
    """One field at fault."""

    field = serializers.CharField(help_text="Empty when it is no single field.")
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer[dict[str, object]]):
    """The body of every error (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="For programs: it does not change when the wording does.")
    detail = serializers.CharField()
    errors = ProblemFieldSerializer(many=True)  # type: ignore[assignment]  # a field named as a property
    request_id = serializers.CharField(help_text="Finds the request in the logs.")


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses what it does not know, where REST framework would drop it without a word."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = [name for name, field in self.fields.items() if not field.read_only]
            unknown = {
                str(name): [ErrorDetail(f"is no field; known are {', '.join(known)}", code="unknown_field")]
                for name in data
                if name not in known
            }
            if unknown:
                raise ValidationError(unknown)
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """Text as it was sent: numbers are no text, and blanks at its ends belong to it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "allow_blank": True, **options})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))
