"""How caches look over the API."""

from typing import Any

from rest_framework import serializers

from apps.core.serializers import StrictSerializer
from apps.inference.caching.kinds import CacheKind
from apps.inference.caching.managing import MAX_NAME
from apps.inference.models import CacheLevel

KINDS = [kind.value for kind in CacheKind]


class CacheSuggestionSerializer(serializers.Serializer[Any]):
    seconds = serializers.IntegerField()
    size = serializers.IntegerField()
    hit_ratio = serializers.FloatField(help_text="Expected, from 0 to 1.")
    hit_ratio_now = serializers.FloatField(help_text="Of the same look-ups with what is set.")
    uses = serializers.IntegerField(help_text="Look-ups that were replayed.")


class CacheSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=KINDS)
    seconds = serializers.IntegerField(help_text="How long an answer is kept.")
    size = serializers.IntegerField(help_text="How many are, at most.")
    entries = serializers.IntegerField()
    hits = serializers.IntegerField()
    hits_process = serializers.IntegerField()
    hits_shared = serializers.IntegerField()
    hits_semantic = serializers.IntegerField()
    misses = serializers.IntegerField()
    hit_ratio = serializers.FloatField()
    mean_age = serializers.FloatField(help_text="Seconds, of what was given.")
    evictions = serializers.IntegerField()
    suggestion = CacheSuggestionSerializer(allow_null=True)


class AliasSuggestionSerializer(serializers.Serializer[Any]):
    seconds = serializers.IntegerField()
    hit_ratio = serializers.FloatField(help_text="Expected, from 0 to 1.")
    hit_ratio_now = serializers.FloatField(help_text="Of the same look-ups with what is set.")


class AliasCacheSerializer(serializers.Serializer[Any]):
    """Of an alias that gives answers again. `cache_seconds` of the alias sets for how long."""

    alias = serializers.CharField()
    cache = serializers.ChoiceField(choices=[CacheLevel.EXACT.value, CacheLevel.SEMANTIC.value])
    seconds = serializers.IntegerField(help_text="How long an answer is kept.")
    uses = serializers.IntegerField(help_text="Look-ups in the sample: those of one request in four.")
    different = serializers.IntegerField(help_text="Requests among them that differ.")
    days = serializers.FloatField(help_text="From the first to the last of them.")
    suggestion = AliasSuggestionSerializer(allow_null=True)


class CachesSerializer(serializers.Serializer[Any]):
    caches = CacheSerializer(many=True)
    aliases = AliasCacheSerializer(many=True)


class ClearCacheSerializer(StrictSerializer):
    """With neither tag nor owner it is the whole type."""

    type = serializers.ChoiceField(choices=KINDS)
    tag = serializers.CharField(max_length=MAX_NAME, required=False, help_text="Such as alias:auto or model:gpt-5.")
    owner = serializers.CharField(max_length=MAX_NAME, required=False, help_text="Such as user:7, or system.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("tag") and attrs.get("owner"):
            raise serializers.ValidationError({"owner": "Clear by a tag or by an owner, not both at once."})
        return attrs
