from rest_framework import serializers

from apps.users.models import ApiKey, User
from apps.users.networks import MAX_NETWORKS
from apps.users.scopes import SCOPES
from apps.users.services import MAX_OVERLAP, MAX_PER_MINUTE, MAX_PER_MONTH
from apps.users.tokens import KeyState


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key as its owner sees it: never the secret, nor its hash."""

    state = serializers.ChoiceField(choices=[state.value for state in KeyState], read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    networks = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="None: anywhere.")

    class Meta:
        model = ApiKey
        fields = [
            "id", "name", "prefix", "scopes", "state", "networks", "requests_per_minute", "requests_per_month",
            "created_at", "expires_at", "last_used_at", "last_used_from", "rotated_at", "former_until", "revoked_at",
        ]  # fmt: skip
        read_only_fields = fields
        extra_kwargs = {"former_until": {"help_text": "Until when the secret before the present one is good too."}}


class ShownApiKeySerializer(ApiKeySerializer):
    """A key at the one time that its token is shown."""

    token = serializers.CharField(read_only=True, help_text="Shown this once, and kept nowhere.")

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "token"]
        read_only_fields = fields


class NewApiKeySerializer(serializers.Serializer[ApiKey]):
    """What a new key is asked for with. Whatever else is sent changes nothing."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(SCOPES)), allow_empty=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    networks = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        default=list,
        max_length=MAX_NETWORKS,
        help_text="CIDR blocks, IPv4 or IPv6, that it may be used from. None: anywhere.",
    )
    requests_per_minute = serializers.IntegerField(
        min_value=1, max_value=MAX_PER_MINUTE, required=False, allow_null=True, default=None
    )
    requests_per_month = serializers.IntegerField(
        min_value=1, max_value=MAX_PER_MONTH, required=False, allow_null=True, default=None
    )


class RotationSerializer(serializers.Serializer[ApiKey]):
    overlap_hours = serializers.IntegerField(
        min_value=0,
        max_value=int(MAX_OVERLAP.total_seconds()) // 3600,
        required=False,
        default=24,
        help_text="Hours that the secret so far stays good.",
    )


class MeSerializer(serializers.ModelSerializer[User]):
    """Who is asking, and what they may do."""

    scopes = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Of this key, or those that your keys may carry."
    )

    class Meta:
        model = User
        fields = ["id", "email", "full_name", "role", "date_joined", "scopes"]
        read_only_fields = fields
