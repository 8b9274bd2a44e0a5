"""Signing in with an API key: `Authorization: Bearer ts_...`, or `Api-Key ts_...`."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.users.models import ApiKey, User
from apps.users.tokens import NO_HASH, KeyState, Token, parse_token, same_secret

SCHEMES = ("bearer", "api-key")


class ApiKeyAuthentication(BaseAuthentication):
    """Makes `request.user` the key's owner and `request.auth` the key; without the header leaves it to the next."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        # The header comes as bytes, any at all; ones that are no ASCII become marks that fit no token.
        scheme, _, text = get_authorization_header(request).decode("ascii", errors="replace").partition(" ")
        if scheme.lower() not in SCHEMES:
            return None
        token = parse_token(text.strip())
        if token is None:
            raise AuthenticationFailed("The API key is malformed: it should look like ts_..._....", "key_malformed")
        key = find_key(token)
        check_alive(key)
        key.record_use(timezone.now())
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Touchstone"'


def find_key(token: Token) -> ApiKey:
    """The key that the token is of. A wrong secret reads like a wrong prefix, so that neither can be probed for."""
    key = ApiKey.objects.select_related("user").filter(prefix=token.prefix).first()
    right = same_secret(token.secret, key.secret_hash if key else NO_HASH)
    if key is None or not right:
        raise AuthenticationFailed("The API key is unknown.", "key_unknown")
    return key


def check_alive(key: ApiKey) -> None:
    """Raises AuthenticationFailed, saying why, for a key that may not be used now. Only its holder gets to see it."""
    if key.state == KeyState.REVOKED:
        raise AuthenticationFailed(f"The API key was revoked on {key.revoked_at:%Y-%m-%d}.", "key_revoked")
    if key.state == KeyState.EXPIRED:
        raise AuthenticationFailed(f"The API key expired on {key.expires_at:%Y-%m-%d}.", "key_expired")
    if not key.user.is_active:
        raise AuthenticationFailed("The API key belongs to a deactivated account.", "key_owner_inactive")
