from rest_framework import serializers

from apps.core.serializers import StrictSerializer
from apps.users.jwt.models import Ending, TokenFamily
from apps.users.jwt.services import TokenPair
from apps.users.tokens import KeyState


class SignInSerializer(StrictSerializer):
    """Who signs in, with what."""

    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=4096, trim_whitespace=False)
    otp = serializers.CharField(
        max_length=32,
        required=False,
        default="",
        allow_blank=True,
        help_text="Code of the second factor, if there is one.",
    )
    name = serializers.CharField(
        max_length=100, required=False, default="", allow_blank=True, help_text="What uses the tokens, for your list."
    )


class RefreshSerializer(StrictSerializer):
    refresh = serializers.CharField(max_length=4096, help_text="The newest refresh token. It is spent by this.")


class RevokeSerializer(StrictSerializer):
    token = serializers.CharField(max_length=4096, help_text="A refresh or access token, also one that is spent.")


class TokenPairSerializer(serializers.Serializer[TokenPair]):
    """Two new tokens of a family."""

    access = serializers.CharField(help_text="Goes with requests: `Authorization: Bearer eyJ...`.")
    refresh = serializers.CharField(help_text="Gets the next pair, once.")
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds that the access token is good for.")
    refresh_expires_in = serializers.IntegerField(help_text="Seconds that the refresh token is good for.")
    family = serializers.UUIDField(help_text="What both are of; its address under `/auth/families/` revokes it.")

    def to_representation(self, pair: TokenPair) -> dict[str, object]:
        access, refresh = pair.seconds
        return {
            "access": pair.access,
            "refresh": pair.refresh,
            "token_type": "Bearer",
            "expires_in": access,
            "refresh_expires_in": refresh,
            "family": str(pair.family.pk),
        }


class TokenFamilySerializer(serializers.ModelSerializer[TokenFamily]):
    """A sign-in of a program, and what came of it."""

    state = serializers.ChoiceField(choices=[state.value for state in KeyState], read_only=True)
    ending = serializers.ChoiceField(
        choices=[("", ""), *Ending.choices], read_only=True, help_text="Why it was revoked, if it was."
    )

    class Meta:
        model = TokenFamily
        fields = [
            "id", "name", "state", "created_at", "created_from", "refreshed_at", "expires_at", "last_used_at",
            "last_used_from", "revoked_at", "ending",
        ]  # fmt: skip
        read_only_fields = fields
