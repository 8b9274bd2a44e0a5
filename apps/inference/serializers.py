"""How figures and calls look over the API."""

from typing import Any

from rest_framework import serializers

from apps.core.serializers import StrictSerializer
from apps.inference.caching.kinds import CacheKind
from apps.inference.models import Call
from apps.inference.performance.windows import Window


class PerformanceQuerySerializer(StrictSerializer):
    """What of the figures is asked for."""

    window = serializers.ChoiceField(
        choices=[one.value for one in Window],
        default=Window.DAY.value,
        help_text="The last hour, day or week, or since the last reset.",
    )
    whose = serializers.ChoiceField(
        choices=["own", "all"],
        required=False,
        help_text="Your own calls, or everybody's: these are for who may see calls, and what they get by default.",
    )


class CountSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    requests = serializers.IntegerField()


class LatencySerializer(serializers.Serializer[Any]):
    """Milliseconds. Percentiles are interpolated between the bounds of the buckets."""

    mean = serializers.FloatField(allow_null=True)
    p50 = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)
    p99 = serializers.FloatField(allow_null=True)


class BucketSerializer(serializers.Serializer[Any]):
    up_to = serializers.FloatField(allow_null=True, help_text="Milliseconds; null is above the last bound.")
    requests = serializers.IntegerField()


class HistogramSerializer(LatencySerializer):
    buckets = BucketSerializer(many=True)


class SumSerializer(CountSerializer):
    failed = serializers.IntegerField()
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    cost = serializers.FloatField(help_text="US dollars.")


class ModelSumSerializer(SumSerializer):
    latency_ms = LatencySerializer(required=False)


class BarSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    requests = serializers.IntegerField()
    failed = serializers.IntegerField()
    cost = serializers.FloatField()


class BreakerSerializer(serializers.Serializer[Any]):
    provider = serializers.CharField()
    state = serializers.CharField(help_text="closed, open, or half-open while one request tries.")
    failures = serializers.IntegerField(help_text="In a row.")
    retry_after = serializers.FloatField(help_text="Seconds until it is tried again.")


class CacheTypeSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=[kind.value for kind in CacheKind])
    exact = serializers.IntegerField(help_text="Hits: the same was asked before.")
    semantic = serializers.IntegerField(help_text="Hits: the same was asked before in other words.")
    misses = serializers.IntegerField()
    hit_ratio = serializers.FloatField(help_text="From 0 to 1.")


class PerformanceSerializer(serializers.Serializer[Any]):
    window = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    whose = serializers.CharField()
    requests = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    retries = serializers.IntegerField()
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    cost = serializers.FloatField(help_text="US dollars.")
    cache_share = serializers.FloatField(help_text="The share of requests that a cache answered, from 0 to 1.")
    latency_ms = HistogramSerializer()
    tiers = CountSerializer(many=True)
    caches = CountSerializer(many=True)
    cache_types = CacheTypeSerializer(
        many=True,
        help_text="Look-ups by the type of answers since counting began, whatever the window, of everybody.",
    )
    errors_by_code = CountSerializer(many=True)
    models = ModelSumSerializer(many=True)
    targets = SumSerializer(many=True, help_text="By the model or alias that was asked for.")
    people = SumSerializer(many=True, help_text="By person, among everybody's figures.")
    series = BarSerializer(many=True)
    breakers = BreakerSerializer(many=True, help_text="For who may see providers; of others none.")


class ResetSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField(help_text="From when on the figures since the last reset count.")


class CallAttemptSerializer(serializers.Serializer[Any]):
    model = serializers.CharField()
    provider = serializers.CharField()
    outcome = serializers.CharField()
    ms = serializers.FloatField()
    cost = serializers.FloatField()


class CallSerializer(serializers.ModelSerializer[Call]):
    """A call of one's own, without its texts."""

    cost = serializers.FloatField(help_text="US dollars.")
    attempts = CallAttemptSerializer(many=True)

    class Meta:
        model = Call
        fields = [
            "id", "at", "operation", "target", "model", "provider", "tier", "cache", "outcome", "streamed",
            "prompt_tokens", "completion_tokens", "tokens_estimated", "cost", "ms", "first_ms", "attempts", "trace_id",
        ]  # fmt: skip
        read_only_fields = fields
