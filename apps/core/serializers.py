from rest_framework import serializers

from apps.core.models import Job


class JobSerializer(serializers.ModelSerializer[Job]):
    percent = serializers.IntegerField(read_only=True, allow_null=True)
    seconds = serializers.FloatField(read_only=True)
    created_by = serializers.EmailField(source="created_by.email", read_only=True, default=None)

    class Meta:
        model = Job
        fields = [
            "id", "kind", "state", "done", "total", "percent", "message", "result", "error", "cancel_requested",
            "attempts", "seconds", "created_at", "started_at", "finished_at", "created_by",
        ]  # fmt: skip
        read_only_fields = fields


class ProblemSerializer(serializers.Serializer[dict[str, object]]):
    """The body of every error (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = serializers.ListField(child=serializers.DictField())
    request_id = serializers.CharField()
