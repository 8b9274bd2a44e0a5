from rest_framework import serializers

from apps.users.models import ApiKey, User
from apps.users.scopes import SCOPES
from apps.users.tokens import KeyState


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key as its owner sees it: never the secret, nor its hash."""

    state = serializers.ChoiceField(choices=[state.value for state in KeyState], read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ApiKey
        fields = ["id", "name", "prefix", "scopes", "state", "created_at", "expires_at", "last_used_at", "revoked_at"]
        read_only_fields = fields


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


class MeSerializer(serializers.ModelSerializer[User]):
    """Who is asking, and what they may do."""

    scopes = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Of this key, or those that your keys may carry."
    )

    class Meta:
        model = User
        fields = ["id", "email", "full_name", "role", "date_joined", "scopes"]
        read_only_fields = fields
