"""How providers, models and aliases look over the API, and what clients may send."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.serializers import StrictSerializer, TextField
from apps.inference.curating import MAX_MODELS
from apps.inference.exchange import ModelTier, Operation
from apps.inference.models import Alias, CacheLevel, Provider, ProviderKind, ServedModel, TooLong

CACHE_HELP = "Which earlier questions' answers are given again: none, the same, or the same in other words."
SECONDS_HELP = "For how long after it was made an answer is given again; null as the cache of inference is set."
THRESHOLD_HELP = (
    "The least probability, from 0.5 to 0.995, that two questions mean the same for an answer to be given to other "
    "words; null is what it was fitted to. Where too many turn out wrong it gets stricter, and never looser than this."
)
PRICE_HELP = "US dollars for a million tokens."


@extend_schema_field({"type": "string", "enum": [one.value for one in Operation]}, component_name="Operation")
class OperationField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=[one.value for one in Operation], **options)


@extend_schema_field({"type": "string", "enum": [one.value for one in ModelTier]}, component_name="ModelTier")
class ModelTierField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=[one.value for one in ModelTier], **options)


@extend_schema_field({"type": "string", "enum": TooLong.values}, component_name="TooLong")
class TooLongField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=TooLong.choices, **options)


@extend_schema_field({"type": "string", "enum": ProviderKind.values}, component_name="ProviderKind")
class ProviderKindField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=ProviderKind.choices, **options)


@extend_schema_field({"type": "string", "enum": CacheLevel.values}, component_name="CacheLevel")
class CacheLevelField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=CacheLevel.choices, **options)


@extend_schema_field({"type": "number", "minimum": 0}, component_name="Price")
class PriceField(serializers.DecimalField):
    """A number in JSON, exact here."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=12, decimal_places=6, coerce_to_string=False, min_value=0, **options)


class ProviderSerializer(serializers.ModelSerializer[Provider]):
    """A provider. Its key is never shown, and its address only to who may look after it."""

    kind = ProviderKindField(read_only=True)
    base_url = serializers.SerializerMethodField(help_text="Null for those who may not see providers' addresses.")
    has_key = serializers.SerializerMethodField()
    models = serializers.IntegerField(source="models_count", read_only=True)
    breaker = serializers.SerializerMethodField(
        help_text="closed, open, or half_open while one request tries it; null for one that nothing can be asked of."
    )

    class Meta:
        model = Provider
        fields = [
            "id", "name", "kind", "base_url", "has_key", "is_active", "connect_timeout", "timeout", "max_connections",
            "models", "breaker", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_base_url(self, provider: Provider) -> str | None:
        return provider.base_url if self.context["shows_addresses"] else None

    def get_has_key(self, provider: Provider) -> bool:
        return bool(provider.api_key)

    def get_breaker(self, provider: Provider) -> str | None:
        state = self.context["breakers"].get(provider.name)
        return str(state.state) if state else None


class ServedModelSerializer(serializers.ModelSerializer[ServedModel]):
    provider = serializers.CharField(source="provider.name", read_only=True)
    operation = OperationField(read_only=True)
    tier = ModelTierField(read_only=True)
    too_long = TooLongField(read_only=True)
    price_in = PriceField(read_only=True, help_text=PRICE_HELP)
    price_out = PriceField(read_only=True, help_text=PRICE_HELP)
    aliases = serializers.SerializerMethodField(help_text="The aliases that it stands in.")

    class Meta:
        model = ServedModel
        fields = [
            "id", "name", "provider", "remote_name", "operation", "tier", "can_stream", "can_use_tools",
            "can_keep_schema", "context_tokens", "max_output_tokens", "max_input_characters", "too_long", "batch_size",
            "price_in", "price_out", "is_active", "aliases", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_aliases(self, model: ServedModel) -> list[str]:
        return sorted(entry.alias.name for entry in model.entries.all())


class AliasSerializer(serializers.ModelSerializer[Alias]):
    models = serializers.SerializerMethodField(help_text="Names of models, in the order in which they are tried.")
    cache = CacheLevelField(read_only=True, help_text=CACHE_HELP)
    cache_seconds = serializers.IntegerField(read_only=True, allow_null=True, help_text=SECONDS_HELP)
    cache_threshold = serializers.FloatField(read_only=True, allow_null=True, help_text=THRESHOLD_HELP)

    class Meta:
        model = Alias
        fields = [
            "id", "name", "description", "models", "is_active", "cache", "cache_public", "cache_seconds",
            "cache_threshold", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_models(self, alias: Alias) -> list[str]:
        return [entry.model.name for entry in alias.entries.all()]


class ModelChangesSerializer(StrictSerializer):
    """Fields to change. Which values make sense is for the service to say."""

    name = TextField(required=False, help_text="What applications call it.")
    remote_name = TextField(required=False, help_text="What the provider calls it.")
    operation = OperationField(required=False)
    tier = ModelTierField(required=False)
    can_stream = serializers.BooleanField(required=False)
    can_use_tools = serializers.BooleanField(required=False)
    can_keep_schema = serializers.BooleanField(required=False)
    context_tokens = serializers.IntegerField(required=False)
    max_output_tokens = serializers.IntegerField(required=False)
    max_input_characters = serializers.IntegerField(required=False)
    too_long = TooLongField(required=False)
    batch_size = serializers.IntegerField(required=False)
    price_in = PriceField(required=False, help_text=PRICE_HELP)
    price_out = PriceField(required=False, help_text=PRICE_HELP)
    is_active = serializers.BooleanField(required=False)


class NewModelSerializer(ModelChangesSerializer):
    provider = TextField(help_text="The name of its provider.")
    name = TextField(help_text="What applications call it.")
    remote_name = TextField(required=False, help_text="What the provider calls it; its name, when it is not given.")


class AliasChangesSerializer(StrictSerializer):
    name = TextField(required=False)
    description = TextField(required=False)
    models = serializers.ListField(
        child=TextField(),
        required=False,
        max_length=MAX_MODELS,
        help_text="Names of models that do the same, in the order in which they are tried.",
    )
    is_active = serializers.BooleanField(required=False)
    cache = CacheLevelField(required=False, help_text=CACHE_HELP)
    cache_public = serializers.BooleanField(
        required=False,
        help_text="Whether what one person asked may answer another: for questions that hold nothing of anybody's own.",
    )
    cache_seconds = serializers.IntegerField(required=False, allow_null=True, help_text=SECONDS_HELP)
    cache_threshold = serializers.FloatField(required=False, allow_null=True, help_text=THRESHOLD_HELP)


class NewAliasSerializer(AliasChangesSerializer):
    name = TextField()
